# What the published image does before it starts the server: a new directory gets the user, the password and the database.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > "$HOME/password"
  initdb --username="$POSTGRES_USER" --pwfile="$HOME/password" --auth-host=scram-sha-256 --auth-local=trust --no-sync
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres
fi
exec "$@"

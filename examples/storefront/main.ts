import { createServer } from 'node:http';
import { storefront } from './app.ts';

// The build puts the version in (esbuild --define), so that v1 and v2 are two images and not two settings.
const version = process.env.STOREFRONT_VERSION ?? 'dev';
const port = Number(process.env['PORT'] ?? '8080');

const server = createServer(storefront(version, process.env)).listen(port, () => {
  console.log(`storefront ${version} listens on ${port}`);
});

// A pod that is told to end still gets new connections until every proxy knows: they are served for a while.
const lameDuck = 1500;
process.on('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, lameDuck);
});

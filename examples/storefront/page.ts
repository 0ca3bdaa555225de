const colours: Readonly<Record<string, string>> = { v1: '#7a4b2a', v2: '#2a6b4f' };

/** The shop's only page. v2 differs visibly from v1: another colour, another offer. */
export function page(version: string, mode: string): string {
  const offer = version === 'v1' ? 'Coffee beans, 250 g' : 'Coffee beans, 250 g, and a cup on the house';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Bean &amp; Leaf</title>
<style>
  body { font: 18px/1.5 system-ui, sans-serif; margin: 0; color: #222; background: #faf7f2 }
  header { background: ${colours[version] ?? '#555'}; color: #fff; padding: 2rem }
  main { max-width: 36rem; margin: 2rem; }
  button { font: inherit; padding: .5rem 1.5rem; border: 0; border-radius: .5rem; background: #222; color: #fff }
  small { color: #777 }
</style>
<header><h1>Bean &amp; Leaf <small style="color:#fffc">${version}</small></h1></header>
<main>
  <p>${offer}: 9.90 EUR</p>
  <form action="/checkout" method="post"><button>Buy</button></form>
  <p><small>Payments: ${mode}</small></p>
</main>
</html>
`;
}

// A proxy inside a program, in place of the package `http-proxy` and a server around it:
//   node embedded.mjs
// It starts two backends and a proxy in front of them, removes one of the backends by an edit of the config, and ends.
import { createServer } from 'node:http';
import { startProxy } from 'balance';

const backends = await Promise.all(['one', 'two'].map(startBackend));

const proxy = await startProxy({
  config: configFor(backends),
  // The program decides where log lines go. Without this they go to stdout.
  log: (line) => console.error(line),
});
proxy.on('health', ({ backend, healthy, reason }) =>
  console.error(`${backend} is ${healthy ? 'up' : 'down'}: ${reason}`),
);

// The proxy does not handle signals: the program decides what they mean.
process.once('SIGTERM', () => void end());

const url = `http://${proxy.address}/`;
console.log('answers', await ask(url), await ask(url));

// A config with an error is refused: nothing changes, and the error has its location.
await proxy
  .reload({ ...configFor(backends), load_balancer: { algorithm: 'fastest' } })
  .catch((error) => console.log('refused', error.problems[0].path));

const { message } = await proxy.reload(configFor(backends.slice(1)));
console.log('changed', message);
console.log('answers', await ask(url), await ask(url));
await end();

function configFor(servers) {
  return {
    mode: 'http',
    listen: '127.0.0.1:0',
    backends: servers.map(({ name, port }) => ({ name, address: `127.0.0.1:${port}` })),
    health_check: { type: 'tcp', interval: '2s' },
  };
}

function startBackend(name) {
  return new Promise((resolve) => {
    const server = createServer((request, response) => response.end(name));
    server.listen(0, '127.0.0.1', () => resolve({ name, server, port: server.address().port }));
  });
}

async function ask(address) {
  return (await fetch(address)).text();
}

/** Waits for running requests, then ends everything. */
async function end() {
  await proxy.close();
  for (const { server } of backends) server.close();
  console.log('closed');
}

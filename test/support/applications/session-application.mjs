// An application that keeps who is logged in in the memory of its process, as express-session does where nothing else is set.
// Arguments: its name, and its port; 0 for any.
import { createServer } from 'node:http';

import express from 'express';
import session from 'express-session';

const [name, port] = process.argv.slice(2);
const app = express();

// All processes have the same secret, as those of one application do: what differs is what they remember.
app.use(session({ name: 'sid', secret: 'secret of a test', resave: false, saveUninitialized: false }));

app.post('/login/:user', (request, response) => {
  request.session.user = request.params.user;
  request.session.visits = 0;
  response.json({ node: name, user: request.session.user, visits: 0 });
});

app.get('/', (request, response) => {
  if (request.session.user === undefined) {
    response.status(401).json({ node: name });
    return;
  }
  request.session.visits += 1;
  response.json({ node: name, user: request.session.user, visits: request.session.visits });
});

// The application ends with the test that started it.
process.stdin.resume().on('end', () => process.exit());
const server = createServer(app).listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});

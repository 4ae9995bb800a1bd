/**
 * Makes a process behave as on a machine that is busy with other things: it stops for a while again and again, and
 * half of the answers of the file system come late. Loaded into the workers of the tests and the processes that they
 * start by `SLOW_MACHINE=7 npm test`; the number is the seed of its chances.
 *
 * It costs nearly no CPU, so it finds tests that count on time better than load does.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const LONGEST_RUN_MS = 120;
const LONGEST_STOP_MS = 800;
const LONGEST_LATENESS_MS = 60;

const ASKED = ['close', 'fstat', 'lstat', 'open', 'read', 'readdir', 'readFile', 'rename', 'stat', 'unlink'];
const TOLD = ['write', 'writeFile'];

// Tests may put clocks of their own in the place of the real ones.
const { setTimeout } = globalThis;
const chance = chances(Number(process.env['SLOW_MACHINE']) * 7919 + process.pid);
const nobody = new Int32Array(new SharedArrayBuffer(4));

stopNowAndThen();
for (const name of [...ASKED, ...TOLD]) {
  answerLate(fs, name);
  if (name in fs.promises) resolveLate(fs.promises, name);
}
syncBuiltinESMExports();

function stopNowAndThen() {
  setTimeout(() => {
    // Most stops are short.
    Atomics.wait(nobody, 0, 0, LONGEST_STOP_MS * chance() ** 4);
    stopNowAndThen();
  }, LONGEST_RUN_MS * chance()).unref();
}

function answerLate(functions, name) {
  const original = functions[name];
  const late = (...values) => {
    const answer = values.at(-1);
    if (typeof answer === 'function' && chance() < 0.5)
      values[values.length - 1] = (...results) =>
        setTimeout(() => answer(...results), LONGEST_LATENESS_MS * chance());
    return original.apply(functions, values);
  };
  // `promisify` looks for these symbols.
  for (const key of Object.getOwnPropertySymbols(original)) late[key] = original[key];
  functions[name] = late;
}

function resolveLate(functions, name) {
  const original = functions[name];
  functions[name] = async (...values) => {
    const result = await original.apply(functions, values);
    if (chance() < 0.5) await new Promise((resolve) => setTimeout(resolve, LONGEST_LATENESS_MS * chance()));
    return result;
  };
}

/** Numbers from 0 to 1, the same ones for the same seed. */
function chances(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

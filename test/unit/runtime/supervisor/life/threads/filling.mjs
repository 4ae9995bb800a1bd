// A worker that fills its memory, a little in each turn. One that fills it within a single call may abort the process on Node.js 24 and 26.
const kept = [];
setInterval(() => {
  for (let count = 0; count < 1_000; count += 1) kept.push({ count, list: [count] });
}, 1);

// A worker that answers nothing, and stays until it is ended.
setInterval(() => undefined, 60_000);

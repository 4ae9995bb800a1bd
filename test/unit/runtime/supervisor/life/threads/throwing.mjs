// A worker whose program can't be started.
throw new Error('thrown at the start');

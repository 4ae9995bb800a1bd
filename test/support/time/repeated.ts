import { owned } from '../owned.ts';

const PAUSE_MS = 5;

/** Something that is done over and over, until the test is over. */
export interface Repeated {
  /** How often it was done. */
  readonly count: number;
}

/** Does `act` again and again, with a short rest in between. It gets the number of times before. */
export function repeated(act: (count: number) => Promise<unknown>): Repeated {
  const state = { count: 0, isOver: false };
  const running = (async () => {
    while (!state.isOver) {
      await act(state.count);
      state.count += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  owned({
    close: async () => {
      state.isOver = true;
      await running;
    },
  });
  return state;
}

import { expect, it } from 'vitest';
import { Followings } from '../../extension/sidecar/followings.ts';

/** Followings, what they ask of the sidecar, and a way to send them events. */
function line() {
  const asked: string[] = [];
  const followings = new Followings((method, params) =>
    asked.push(`${method} ${params.run} ${'fromSeq' in params ? params.fromSeq : ''}`.trim()),
  );
  const send = (run: string, ...seqs: number[]) =>
    followings.deliver({ run, log: 'log', events: seqs.map((seq) => ({ seq }) as never) });
  const follow = (run: string, next: number) => {
    const got: number[] = [];
    const following = followings.add({
      run,
      log: 'log',
      next,
      onEvents: (events) => got.push(...events.map(({ seq }) => seq)),
    });
    return { got, following };
  };
  return { asked, followings, send, follow };
}

it('gives each follower each event once, however often it is sent', () => {
  const { send, follow } = line();
  const { got, following } = follow('a', 1);
  send('a', 1, 2);
  send('a', 1, 2, 3);
  send('b', 4);
  expect(got).toEqual([1, 2, 3]);
  expect(following.next).toBe(4);
});

it('goes on after a cut where each has come to, the slowest deciding', () => {
  const { asked, followings, send, follow } = line();
  const first = follow('a', 1);
  send('a', 1, 2, 3);
  const second = follow('a', 2);
  expect(asked).toEqual(['subscribe a 1', 'subscribe a 2']);
  send('a', 2, 3, 4);
  expect([first.got, second.got]).toEqual([
    [1, 2, 3, 4],
    [2, 3, 4],
  ]);
  followings.resume();
  expect(asked.slice(2)).toEqual(['subscribe a 5', 'subscribe a 5']);
});

it('ends a subscription with its last follower', () => {
  const { asked, send, follow } = line();
  const [first, second] = [follow('a', 1), follow('a', 1)];
  first.following.dispose();
  expect(asked).not.toContain('unsubscribe a');
  send('a', 1);
  expect([first.got, second.got]).toEqual([[], [1]]);
  second.following.dispose();
  expect(asked.at(-1)).toBe('unsubscribe a');
});

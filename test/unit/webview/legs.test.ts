import { expect, it } from 'vitest';
import { RunHistory } from '../../../webview/history.ts';

it('a run took what all its legs took, and not the night between them', () => {
  const history = new RunHistory();
  const say = (time: string, event: object) => history.add('log', { time: `2026-01-01T${time}Z`, ...event });
  say('10:00:00', { type: 'started', step: 0, steps: 40 });
  say('10:00:30', { type: 'checkpoint', step: 10 });
  say('10:00:40', { type: 'stopped', step: 10 });
  say('20:00:00', { type: 'resumed', fromStep: 10 });
  say('20:00:01', { type: 'started', step: 10, steps: 40 });
  say('20:00:20', { type: 'checkpoint', step: 20 });
  say('23:00:00', { type: 'resumed', fromStep: 20 });
  say('23:00:00', { type: 'started', step: 20, steps: 40 });
  say('23:00:50', { type: 'done', step: 40, seconds: 52 });
  // 40 s, 20 s, and the last leg by its own clock.
  expect(history.seconds).toBe(112);
});

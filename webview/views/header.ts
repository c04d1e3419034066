/** @file The line above all pages: which runs, how far, what can be done about it. */

import { progressWords, stepWords } from '../../sidecar/protocol/progress-words.ts';
import { sayReason } from '../../sidecar/protocol/reason.ts';
import { isStopped, stateWord } from '../../sidecar/protocol/state-words.ts';
import { swatch } from '../charts/swatch.ts';

import { button } from '../controls.ts';
import { h, keyed, runContext, setAttribute, setText } from '../dom.ts';
import { pen } from '../figures/pens.ts';
import { duration, whole } from '../format.ts';
import { hueOf } from '../theme.ts';
import { t } from '../words.ts';
import { letterChip } from './letter-chip.ts';
import type { Page, Part } from './page.ts';
import { resultLine } from './result-line.ts';
import { runPicker } from './run-picker.ts';

const plain = { hue: 0, shape: 'circle' } as const;

export function header(page: Page): Part {
  const title = h('h1');
  const badge = h('span', { class: 'badge' });
  const reason = h('p', { class: 'reason', hidden: true });
  const connection = h('span', { class: 'connection' });
  const picker = runPicker(page);
  const result = resultLine();
  let run = '';
  const stop = button(t('Stop'), () => page.command('stop', run));
  const checkpoint = button(t('Checkpoint now'), () => page.command('checkpoint', run));
  const resume = button(t('Resume'), () => page.command('resume', run), 'primary');
  const exportAdapter = button(t('Export adapter'), () => page.command('exportAdapter', run));
  const config = button(t('Open config'), () => page.command('openConfig', run));
  const bar = h(
    'div',
    { class: 'bar', role: 'progressbar', 'aria-label': t('Progress'), 'aria-valuemin': 0, 'aria-valuemax': 100 },
    h('div'),
  );
  const pace = h('span', { class: 'pace' });
  const others = h('ul', { class: 'run-key', 'aria-label': t('Runs shown') });
  const key = keyed(others);
  const element = h(
    'header',
    {},
    h(
      'div',
      { class: 'headline' },
      h('div', { class: 'what' }, title, badge, connection),
      h('div', { class: 'actions' }, stop, checkpoint, resume, exportAdapter, config, picker.element),
    ),
    result.element,
    h('div', { class: 'progress' }, bar, pace),
    reason,
    others,
  );
  return {
    element,
    update(context) {
      const { state, runs, theme } = context;
      picker.update(context);
      result.update(context);
      const first = runs[0];
      run = first?.head.id ?? '';
      setAttribute(element, 'data-vscode-context', first && runContext(run));
      setText(title, first?.head.name ?? 'MiLorE');
      setAttribute(title, 'title', first?.head.name);
      const names = { live: t('live'), files: t('from files'), lost: t('connection lost') };
      connection.className = `connection ${state.connection.state}`;
      setText(connection, names[state.connection.state]);
      setAttribute(connection, 'title', state.connection.reason || undefined);
      if (!first) return;
      const { head, history } = first;
      badge.className = `badge ${isStopped(head) ? 'stopped' : head.state}`;
      setText(badge, stateWord(head, t));
      const why = head.reason && sayReason(head.reason, t);
      reason.hidden = !why;
      reason.className = `reason ${why?.look ?? ''}`;
      setText(reason, why?.text ?? '');
      const running = head.state === 'running';
      stop.hidden = !running;
      checkpoint.hidden = !running;
      resume.hidden = running || head.state === 'done';
      exportAdapter.hidden = head.state !== 'done';
      for (const control of [stop, checkpoint, resume, exportAdapter])
        setAttribute(control, 'disabled', state.trusted ? undefined : '');
      const steps = history.steps || head.steps;
      const logged = history.steps > 0 || history.clock.length > 0 ? history.step : head.step;
      const stage = state.progress.get(head.id);
      // The step that is being made is told before it is logged: the status bar and the tree have it from there too.
      const told = running && stage?.stage === 'train' && stage.total === steps ? stage.done : 0;
      const step = Math.max(logged, told);
      const going = running && stage?.whole ? progressWords(stage, t) : undefined;
      const share = going ? going.share : steps > 0 ? step / steps : 0;
      (bar.firstElementChild as HTMLElement).style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
      setAttribute(bar, 'aria-valuenow', String(Math.round(Math.min(1, Math.max(0, share)) * 100)));
      const parts: (string | undefined)[] = going
        ? [going.text, going.what]
        : [running ? stepWords(step, steps, t).text : t('step {0} of {1}', whole(step), whole(steps))];
      const remaining = going ? going.leftSeconds : history.remainingSeconds();
      if (running && remaining !== undefined) parts.push(t('{0} left', duration(remaining)));
      if (!running && history.seconds !== undefined) parts.push(t('took {0}', duration(history.seconds)));
      const speed = history.scalar('audioSecondsPerSecond').last();
      if (running && Number.isFinite(speed)) parts.push(t('{0} s of audio a second', whole(speed)));
      if (history.device || head.device) parts.push(history.device || head.device);
      setText(pace, parts.filter(Boolean).join('  ·  '));
      others.hidden = runs.length < 2;
      // The rhythm of a run's lines, in no language's colour.
      const ink = { ...theme, hues: [theme.text] };
      key(JSON.stringify([theme.hues, runs.map((one) => [one.head.name, one.head.state])]), () =>
        runs.map(({ head: one, index }) =>
          h(
            'li',
            {},
            letterChip(index, hueOf(theme, index)),
            swatch(pen({ ...plain, role: 'new' }, index), ink, 44),
            swatch(pen({ ...plain, role: 'existing' }, index), ink, 44),
            h('span', {}, one.name),
            h('span', { class: 'note' }, stateWord(one, t)),
          ),
        ),
      );
    },
  };
}

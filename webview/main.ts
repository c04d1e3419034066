/** @file Composes the dashboard: messages in, state and samples, one drawing a frame at most, messages out. */
import 'uplot/dist/uPlot.min.css';
import './styles/index.css';
import type { ToHost, ToWebview } from '../sidecar/protocol/dashboard.ts';
import type { LogName } from '../sidecar/protocol/log.ts';
import { context, findingsOf } from './context.ts';
import { registerControls } from './controls.ts';
import { h, setText } from './dom.ts';
import { text } from './fields.ts';
import { RunHistory } from './history.ts';
import { admit, logOf, parseLines, runOf, trackKey } from './sequence.ts';
import { type Action, initial, reduce, shownRuns, trackOf } from './state.ts';
import { readTheme, watchTheme } from './theme.ts';
import { dashboard } from './views/dashboard.ts';
import type { Page } from './views/page.ts';
import { setWords, t } from './words.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: unknown): void;
};

/** While data stream in, five drawings a second are enough to be seen as motion and leave the frames to the person. */
const coarseMs = 200;
/** While a long log is read, what has come is seen, and most of the time goes into the rest. */
const loadingMs = 800;

const editor = acquireVsCodeApi();
const histories = new Map<string, RunHistory>();
let state = initial(editor.getState());
let theme = readTheme(document.body);
let shown: ReturnType<typeof dashboard> | undefined;

const say = h('div', { class: 'hidden', 'aria-live': 'polite', id: 'say' });
const fault = (message: string) => editor.postMessage({ type: 'fault', message: message.slice(0, 4000) });

const page: Page = {
  act,
  say: (words) => setText(say, words),
  zoom: (zoom) => act({ type: 'zoom', zoom }),
  command: (command, run) => editor.postMessage({ type: 'command', command, run }),
  several: (command, runs) => editor.postMessage({ type: 'several', command, runs }),
  openTable: (sizes) => editor.postMessage({ type: 'table', open: true, ...(sizes ? { sizes } : {}) }),
  copy: (text) => editor.postMessage({ type: 'copy', text }),
  play: (path, startSeconds) =>
    editor.postMessage({ type: 'play', path, ...(startSeconds === undefined ? {} : { startSeconds }) }),
  save(name, format, make) {
    Promise.resolve()
      .then(make)
      .then((data) => {
        const run = shownRuns(state)[0];
        editor.postMessage({ type: 'export', name: run ? `${run.name} ${name}` : name, format, data });
      })
      .catch((error: unknown) => fault(`internal: cannot export ${name} as ${format}: ${String(error)}`));
  },
};

/** By the editor, for when a tab is hidden, and by the host, for when the window is reloaded. */
function remember(): void {
  editor.setState(state.view);
  editor.postMessage({ type: 'view', view: JSON.stringify(state.view) });
}

/** What a person did: remembered, drawn with the next frame. */
function act(action: Action): void {
  const before = state;
  state = reduce(state, action);
  if (state.view !== before.view) {
    remember();
    if (action.type === 'select') {
      prune();
      // A run that was not shown before has a place at once: the page is not empty until its log comes.
      begin();
      editor.postMessage({ type: 'select', runs: state.view.runs });
    }
  }
  soon();
}

/** Every shown run has a history, be it empty. */
function begin(): void {
  for (const head of shownRuns(state)) if (!histories.has(head.id)) histories.set(head.id, new RunHistory());
}

/** Samples of runs that are no longer shown are let go. */
function prune(): void {
  for (const id of [...histories.keys()]) if (!state.view.runs.includes(id)) histories.delete(id);
}

let frame = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
/** When the timer ends. */
let due = 0;
let drawnAt = 0;

function soon(): void {
  if (timer !== undefined) clearTimeout(timer);
  timer = undefined;
  frame ||= requestAnimationFrame(draw);
}

function later(pace = coarseMs): void {
  if (frame || (timer !== undefined && due <= drawnAt + pace)) return;
  clearTimeout(timer);
  due = drawnAt + pace;
  const wait = due - performance.now();
  if (wait <= 0) soon();
  else timer = setTimeout(soon, wait);
}

function draw(): void {
  frame = 0;
  drawnAt = performance.now();
  if (!shown) return;
  const codes = shownRuns(state).flatMap((head) => [
    ...head.languages.map(({ code }) => code),
    ...(histories.get(head.id)?.languages.keys() ?? []),
    ...(findingsOf(state.findings.get(head.id))?.languages ?? []).map(({ code }) => code),
  ]);
  const before = state;
  state = reduce(state, { type: 'languages', codes: [...new Set(codes)] });
  if (state !== before) remember();
  shown.update(context(state, histories, theme));
}

function receive(message: ToWebview): void {
  if (message === null || typeof message !== 'object') return;
  switch (message.type) {
    case 'events':
      receiveEvents(message);
      return;
    case 'hello':
      setWords(message.words);
      state = reduce(state, { type: 'host', message });
      mount();
      soon();
      return;
    case 'show':
    case 'runs':
    case 'heads':
    case 'rows':
    case 'sizes':
    case 'findings':
    case 'progress':
    case 'connection': {
      const before = state.view;
      state = reduce(state, { type: 'host', message });
      if (state.view !== before) remember();
      if (message.type === 'show') prune();
      begin();
      later();
    }
  }
}

function receiveEvents(message: Extract<ToWebview, { type: 'events' }>): void {
  const run = text(message.run, 1000);
  const log: LogName = message.log === 'utilisation' ? 'utilisation' : 'log';
  const key = trackKey(run, log);
  const admitted = admit(trackOf(state, key), parseLines(message.lines), message.first === true);
  let history = histories.get(run);
  if (!history) histories.set(run, (history = new RunHistory()));
  if (admitted.anew) history.forget(log);
  for (const event of admitted.events) history.add(log, event);
  for (const [last, next] of admitted.gaps)
    fault(`internal: events ${last + 1} to ${next - 1} of ${log} of run ${run} never reached the dashboard`);
  state = reduce(state, { type: 'admitted', key, track: admitted.track });
  tell();
  if (admitted.anew && admitted.events.length > 0) soon();
  else later(message.more === true ? loadingMs : coarseMs);
}

/** For tests: what has arrived, by run and log. */
function tell(): void {
  const all: Record<string, Record<string, unknown>> = Object.create(null);
  for (const [key, track] of state.tracks) all[runOf(key)] = { ...all[runOf(key)], [logOf(key)]: track };
  document.body.dataset.seq = JSON.stringify(all);
}

function mount(): void {
  document.title = t('MiLorE dashboard');
  shown = dashboard(page);
  document.getElementById('app')?.replaceChildren(shown.element, say);
}

window.addEventListener('message', (event) => {
  try {
    receive(event.data);
  } catch (error) {
    fault(`internal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
});
window.addEventListener('error', (event) => fault(`internal: ${event.error?.stack ?? event.message}`));
window.addEventListener('unhandledrejection', (event) =>
  fault(`internal: ${String(event.reason?.stack ?? event.reason)}`),
);

registerControls();
watchTheme(document.body, () => {
  theme = readTheme(document.body);
  soon();
});
editor.postMessage({ type: 'ready', runs: state.view.runs });

/** @file The guide to a new experiment: what the host composed is drawn, what a person chooses is said. It computes nothing. */
import './guide.css';
import type { FromGuide, GuideChoice, GuideView, ToGuide } from '../../sidecar/config/guide/view.ts';
import { registerGuideControls } from '../controls.ts';
import { h } from '../dom.ts';
import { setWords, t } from '../words.ts';
import { guidePage } from './page.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: FromGuide): void;
  getState(): unknown;
  setState(state: unknown): void;
};

const editor = acquireVsCodeApi();
/** Kept by the editor while the tab is hidden: the page is destroyed then. */
let choice: GuideChoice = remembered(editor.getState());
let shown: ReturnType<typeof guidePage> | undefined;
let language = 'en';

function remembered(state: unknown): GuideChoice {
  const kept = state as GuideChoice | null | undefined;
  return kept && typeof kept === 'object' && typeof kept.roles === 'object' ? kept : { roles: {} };
}

const fault = (message: string) => editor.postMessage({ type: 'fault', message: message.slice(0, 4000) });
window.addEventListener('error', ({ message, error }) => fault(error?.stack ?? message));
window.addEventListener('unhandledrejection', ({ reason }) => fault(String(reason?.stack ?? reason)));

function choose(more: Partial<GuideChoice>): void {
  choice = { ...choice, ...more };
  editor.setState(choice);
  editor.postMessage({ type: 'choose', choice });
}

function draw(view: GuideView): void {
  if (!shown) {
    shown = guidePage({
      language,
      choose,
      role: (code, role) => choose({ roles: { ...choice.roles, [code]: role } }),
      act: (action) => editor.postMessage({ type: 'act', action }),
    });
    document.getElementById('app')?.replaceChildren(shown.element);
  }
  shown.update(view);
}

window.addEventListener('message', ({ data }: MessageEvent<ToGuide>) => {
  if (data?.type === 'hello') {
    setWords(data.words);
    language = data.language;
    document.title = t('New Experiment');
    if (Object.keys(choice).length > 1 || Object.keys(choice.roles).length > 0) choose({});
  } else if (data?.type === 'view') draw(data.view);
});

registerGuideControls();
document.getElementById('app')?.replaceChildren(h('main', { class: 'guide' }, h('p', {}, '…')));
editor.postMessage({ type: 'ready' });

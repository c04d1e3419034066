/** @file The one status item: what the sidecar does, which language learns, how far it is. Its menu is a command. */
import * as vscode from 'vscode';
import type { RunProgress } from '../../sidecar/protocol/messages.ts';
import { progressWords } from '../../sidecar/protocol/progress-words.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { duration } from '../text.ts';
import type { RunStore } from './store.ts';

export function createStatusItem(sidecar: SidecarService, store: RunStore): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('milore.status', vscode.StatusBarAlignment.Left, 10);
  item.name = 'MiLorE';
  item.command = 'milore.sidecar.menu';
  let progress: RunProgress | undefined;

  const draw = () => {
    const { state, active } = sidecar;
    if (active && state.kind === 'ready') {
      const { text, spoken } = training(active, progress, store);
      item.text = `$(sync~spin) ${text}`;
      item.tooltip = spoken;
      item.accessibilityInformation = { label: spoken };
      return;
    }
    const { icon, tip } = idle(state.kind);
    item.text = `$(${icon}) MiLorE`;
    item.tooltip = tip;
    item.accessibilityInformation = { label: `MiLorE: ${tip}` };
  };
  draw();
  item.show();
  return vscode.Disposable.from(
    item,
    sidecar.onState(draw),
    sidecar.on('run/state', ({ state }) => {
      if (state !== 'started') progress = undefined;
      draw();
    }),
    sidecar.on('run/progress', (news) => {
      // A measurement between steps is no step back.
      if (!progressWords(news, vscode.l10n.t)) return;
      const before = progress;
      progress = news;
      // Ten steps a second need not be ten status texts.
      if (before?.stage !== news.stage || percent(before) !== percent(news)) draw();
    }),
  );
}

const percent = ({ done, total, whole }: RunProgress) =>
  Math.floor(100 * (whole ? whole.share : done / Math.max(1, total)));

function training(active: { id: string; name: string }, progress: RunProgress | undefined, store: RunStore) {
  const fresh = store.find(active.id)?.languages.filter(({ role }) => role === 'new') ?? [];
  const who = fresh.map(({ code }) => code).join(', ') || active.name;
  const names = fresh.map(({ name }) => name).join(', ') || active.name;
  const going = progress && progressWords(progress, vscode.l10n.t);
  if (!progress || !going) return { text: who, spoken: vscode.l10n.t('MiLorE prepares {0}', names) };
  const { text, what, leftSeconds } = going;
  const left = leftSeconds === undefined ? '' : vscode.l10n.t('{0} left', duration(leftSeconds, vscode.env.language));
  if (progress.stage !== 'train')
    return { text: `${who}: ${text}`, spoken: `MiLorE, ${[names, text, what, left].filter(Boolean).join(', ')}` };
  return { text: `${who} ${percent(progress)} %`, spoken: `MiLorE, ${names}: ${text}` };
}

function idle(kind: SidecarService['state']['kind']): { icon: string; tip: string } {
  switch (kind) {
    case 'ready':
      return { icon: 'pulse', tip: vscode.l10n.t('The sidecar is ready.') };
    case 'starting':
      return { icon: 'sync~spin', tip: vscode.l10n.t('The sidecar is starting.') };
    case 'lost':
      return { icon: 'warning', tip: vscode.l10n.t('The connection to the sidecar is lost.') };
    case 'stopped':
      return { icon: 'circle-outline', tip: vscode.l10n.t('No sidecar is running; training starts one.') };
  }
}

/** @file What a dataset would be listed as, line by line, each open to change, before it is accepted. */
import * as vscode from 'vscode';
import { nameFault } from '../../sidecar/config/datasets.ts';
import { everyLanguage, languageName } from '../../sidecar/config/iso639.ts';
import { layouts } from '../../sidecar/config/schema.ts';
import type { DatasetGuess } from '../../sidecar/protocol/messages.ts';
import { oneLine, pickable } from '../text.ts';
import { speakersText } from './nodes.ts';

export interface Draft {
  name: string;
  /** Undefined until somebody says it. */
  language: string | undefined;
  layout: string;
}

/** What detection found, or why nothing was looked at. */
export type Detected = { kind: 'guess'; guess: DatasetGuess } | { kind: 'none'; why: string };

interface Row extends vscode.QuickPickItem {
  act?: 'accept' | 'language' | 'layout' | 'name';
}

/** The draft as accepted; undefined where the person left. `taken` are names that others have. */
export async function preview(
  folder: vscode.Uri,
  first: Draft,
  detected: Detected,
  taken: readonly string[],
): Promise<(Draft & { language: string }) | undefined> {
  let draft = first;
  for (;;) {
    const row = await vscode.window.showQuickPick(rows(draft, detected), {
      title: vscode.l10n.t('Add dataset: {0}', oneLine(vscode.workspace.asRelativePath(folder))),
      placeHolder: draft.language
        ? vscode.l10n.t('Check what was recognised, change what is wrong, then add it.')
        : vscode.l10n.t('Nothing says which language this is: choose it.'),
      ignoreFocusOut: true,
    });
    if (!row) return undefined;
    const { language } = draft;
    if (row.act === 'accept' && language) return { ...draft, language };
    if (row.act === 'accept' || row.act === 'language') {
      draft = { ...draft, language: (await chooseLanguage(language)) ?? language };
    } else if (row.act === 'layout') draft = { ...draft, layout: (await chooseLayout(draft.layout)) ?? draft.layout };
    else if (row.act === 'name') draft = { ...draft, name: (await askName(draft.name, taken)) ?? draft.name };
  }
}

function rows({ name, language, layout }: Draft, detected: Detected): Row[] {
  const spoken = language ? `${languageName(language) ?? ''} (${language})` : vscode.l10n.t('not known');
  const change = vscode.l10n.t('change…');
  const found: Row[] =
    detected.kind === 'none'
      ? [{ label: `$(info) ${pickable(detected.why)}` }]
      : detected.guess.problems.length > 0
        ? detected.guess.problems.map((problem) => ({ label: `$(warning) ${pickable(problem)}` }))
        : [
            {
              label: `$(file-media) ${vscode.l10n.t('{0} recordings', detected.guess.utterances)}`,
              description: speakersText(detected.guess.speakers, vscode.l10n, vscode.env.language),
              detail: detected.guess.examples.map((example) => pickable(example, 60)).join(', '),
            },
          ];
  return [
    language
      ? { label: `$(check) ${vscode.l10n.t('Add “{0}”', pickable(name))}`, act: 'accept' }
      : { label: `$(globe) ${vscode.l10n.t('Choose the language…')}`, act: 'language' },
    { label: vscode.l10n.t('As recognised'), kind: vscode.QuickPickItemKind.Separator },
    { label: `$(globe) ${vscode.l10n.t('Language: {0}', spoken)}`, description: change, act: 'language' },
    { label: `$(list-tree) ${vscode.l10n.t('Layout: {0}', layout)}`, description: change, act: 'layout' },
    { label: `$(tag) ${vscode.l10n.t('Name: {0}', pickable(name))}`, description: change, act: 'name' },
    ...found,
  ];
}

/** Any language of ISO 639-3; the proposed one stands first. */
export async function chooseLanguage(proposed?: string): Promise<string | undefined> {
  const item = ({ code, name }: { code: string; name: string }) => ({ label: name, description: code });
  const all = everyLanguage()
    .filter(({ code }) => code !== proposed)
    .map(item);
  const first = proposed ? [item({ code: proposed, name: languageName(proposed) ?? proposed })] : [];
  const chosen = await vscode.window.showQuickPick([...first, ...all], {
    title: vscode.l10n.t('Which language is spoken?'),
    placeHolder: vscode.l10n.t('Name or ISO 639-3 code'),
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  return chosen?.description;
}

async function chooseLayout(now: string): Promise<string | undefined> {
  const about: Record<string, string> = {
    auto: vscode.l10n.t('looks at the files'),
    plain: vscode.l10n.t('a folder of audio; sub-folders are speakers'),
    tsv: vscode.l10n.t('manifest.tsv with a column “path”'),
    'common-voice': vscode.l10n.t('train.tsv, dev.tsv, test.tsv beside clips'),
    'spontaneous-speech': vscode.l10n.t('ss-corpus-*.tsv beside audios'),
    kaldi: vscode.l10n.t('wav.scp, text, utt2spk'),
    fairseq: vscode.l10n.t('train.tsv that begins with a folder'),
    fleurs: vscode.l10n.t('seven columns without a header, beside audio'),
    metadata: vscode.l10n.t('metadata.csv or .jsonl with a file name'),
    nemo: vscode.l10n.t('a JSON line with audio_filepath for each recording'),
    voxpopuli: vscode.l10n.t('asr_train.tsv and its like'),
    'ml-superb': vscode.l10n.t('transcript_*.txt beside wav'),
  };
  const chosen = await vscode.window.showQuickPick(
    layouts.map((layout) => ({ label: layout, description: about[layout], picked: layout === now })),
    { title: vscode.l10n.t('How is the data laid out?'), ignoreFocusOut: true },
  );
  return chosen?.label;
}

/** A name that can be and that nobody has; undefined where the person left. */
export async function askName(value: string, taken: readonly string[]): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Name'),
    prompt: vscode.l10n.t('Experiments call it by this name.'),
    value,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (nameFault(text.trim())) return vscode.l10n.t('Give a name of visible characters, at most 100.');
      return taken.includes(text.trim()) ? vscode.l10n.t('Another one has this name.') : undefined;
    },
  });
  return name?.trim();
}

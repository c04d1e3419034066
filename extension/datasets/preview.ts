/** @file What a dataset would be listed as, line by line, each open to change, before it is accepted. */
import * as vscode from 'vscode';
import { nameFault } from '../../sidecar/config/datasets.ts';
import { everyLanguage } from '../../sidecar/config/iso639.ts';
import { layouts } from '../../sidecar/config/schema.ts';
import type { DatasetGuess } from '../../sidecar/protocol/messages.ts';
import { choose } from '../choose.ts';
import { languageName } from '../language-name.ts';
import { duration, oneLine, pickable } from '../text.ts';
import { speakersText } from './nodes.ts';

export interface Draft {
  name: string;
  /** Undefined until somebody says it. */
  language: string | undefined;
  layout: string;
  /** Of its annotations, where a person chose others than are proposed. */
  tiers: string[] | undefined;
  /** What its annotations leave out; left aside unless a person wants it. */
  unannotated: 'aside' | 'pauses';
}

/** What detection found, or why nothing was looked at. */
export type Detected = { kind: 'guess'; guess: DatasetGuess } | { kind: 'none'; why: string };

interface Row extends vscode.QuickPickItem {
  act?: 'accept' | 'language' | 'layout' | 'name' | 'tiers' | 'rest';
}

/** The draft as accepted; undefined where the person left. `names` are those that others have. */
export async function preview(
  folder: vscode.Uri,
  first: Draft,
  detected: Detected,
  names: readonly string[],
): Promise<(Draft & { language: string }) | undefined> {
  let draft = first;
  for (;;) {
    const row = await choose(rows(draft, detected), {
      title: vscode.l10n.t('Add dataset: {0}', oneLine(vscode.workspace.asRelativePath(folder))),
      placeHolder: draft.language
        ? vscode.l10n.t('Check what was recognised, change what is wrong, then add it.')
        : vscode.l10n.t('Nothing says which language this is: choose it.'),
    });
    if (!row) return undefined;
    const { language } = draft;
    if (row.act === 'accept' && language) return { ...draft, language };
    if (row.act === 'accept' || row.act === 'language') {
      draft = { ...draft, language: (await chooseLanguage(language)) ?? language };
    } else if (row.act === 'tiers' && detected.kind === 'guess')
      draft = { ...draft, tiers: await chooseTiers(detected.guess.tiers, draft.tiers) };
    else if (row.act === 'rest') draft = { ...draft, unannotated: draft.unannotated === 'aside' ? 'pauses' : 'aside' };
    else if (row.act === 'layout') draft = { ...draft, layout: (await chooseLayout(draft.layout)) ?? draft.layout };
    else if (row.act === 'name') draft = { ...draft, name: (await askName(draft.name, names)) ?? draft.name };
  }
}

function rows({ name, language, layout, tiers, unannotated }: Draft, detected: Detected): Row[] {
  const spoken = language ? `${languageName(language) ?? ''} (${language})` : vscode.l10n.t('not known');
  const change = vscode.l10n.t('change…');
  const annotated = detected.kind === 'guess' && layoutReadsTiers(layout) && detected.guess.tiers.length > 0;
  const found: Row[] =
    detected.kind === 'none'
      ? [{ label: `$(info) ${pickable(detected.why)}` }]
      : detected.guess.problems.length > 0
        ? detected.guess.problems.map((problem) => ({ label: `$(warning) ${pickable(problem)}` }))
        : [
            {
              label: `$(file-media) ${detected.guess.recordings === 1 ? vscode.l10n.t('1 recording') : vscode.l10n.t('{0} recordings', detected.guess.recordings)}`,
              description: annotated
                ? undefined
                : speakersText(detected.guess.speakers, vscode.l10n, vscode.env.language),
              detail: detected.guess.examples.map((example) => pickable(example, 60)).join(', '),
            },
          ];
  const chosen = annotated ? taken(detected.guess.tiers, tiers) : [];
  return [
    language
      ? { label: `$(check) ${vscode.l10n.t('Add “{0}”', pickable(name))}`, act: 'accept' }
      : { label: `$(globe) ${vscode.l10n.t('Choose the language…')}`, act: 'language' },
    { label: vscode.l10n.t('As recognised'), kind: vscode.QuickPickItemKind.Separator },
    { label: `$(globe) ${vscode.l10n.t('Language: {0}', spoken)}`, description: change, act: 'language' },
    { label: `$(list-tree) ${vscode.l10n.t('Layout: {0}', layout)}`, description: change, act: 'layout' },
    ...(annotated
      ? [
          {
            label: `$(comment-discussion) ${vscode.l10n.t('Utterances: {0}', chosen.map(({ name }) => pickable(name, 40)).join(', '))}`,
            description: change,
            detail: chosen.map((tier) => tierText(tier)).join(' · '),
            act: 'tiers' as const,
          },
          {
            label: `$(mute) ${unannotated === 'aside' ? vscode.l10n.t('The rest is left aside') : vscode.l10n.t('The rest is cut at pauses')}`,
            description: change,
            detail: vscode.l10n.t(
              'What nobody annotated can be trained on too: speech is told from silence by energy.',
            ),
            act: 'rest' as const,
          },
        ]
      : []),
    { label: `$(tag) ${vscode.l10n.t('Name: {0}', pickable(name))}`, description: change, act: 'name' },
    ...found,
  ];
}

type Tiers = DatasetGuess['tiers'];

/** Only folders of recordings have annotations beside them. */
const layoutReadsTiers = (layout: string) => layout === 'plain' || layout === 'auto';

const taken = (all: Tiers, chosen: readonly string[] | undefined): Tiers =>
  all.filter(({ name, proposed }) => (chosen ? chosen.includes(name) : proposed));

function tierText({ speaker, stretches, seconds }: Tiers[number]): string {
  const length = duration(seconds, vscode.env.language);
  return speaker
    ? vscode.l10n.t(
        '{0}: {1} stretches, {2}',
        pickable(speaker, 40),
        stretches.toLocaleString(vscode.env.language),
        length,
      )
    : vscode.l10n.t('{0} stretches, {1}', stretches.toLocaleString(vscode.env.language), length);
}

/** The tiers that a person picks; undefined where these are the proposed ones, or where the person left. */
async function chooseTiers(all: Tiers, now: string[] | undefined): Promise<string[] | undefined> {
  const items = all.map((tier) => ({
    label: pickable(tier.name, 60),
    description: tierText(tier),
    detail: pickable(tier.example, 100),
    picked: taken(all, now).includes(tier),
    tier,
  }));
  const picked = await choose(items, {
    title: vscode.l10n.t('Which tiers hold the utterances?'),
    placeHolder: vscode.l10n.t('Each stretch becomes an utterance; the rest of the recordings is left aside.'),
    canPickMany: true,
  });
  if (!picked || picked.length === 0) return now;
  const same = picked.length === taken(all, undefined).length && picked.every(({ tier }) => tier.proposed);
  return same ? undefined : picked.map(({ tier }) => tier.name);
}

/** Any language of ISO 639-3; the proposed one stands first. */
export async function chooseLanguage(proposed?: string): Promise<string | undefined> {
  const item = ({ code, name }: { code: string; name: string }) => ({ label: name, description: code });
  const all = everyLanguage()
    .filter(({ code }) => code !== proposed)
    .map(item);
  const first = proposed ? [item({ code: proposed, name: languageName(proposed) ?? proposed })] : [];
  const chosen = await choose([...first, ...all], {
    title: vscode.l10n.t('Which language is spoken?'),
    placeHolder: vscode.l10n.t('Name or ISO 639-3 code'),
    matchOnDescription: true,
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
  const chosen = await choose(
    layouts.map((layout) => ({ label: layout, description: about[layout], picked: layout === now })),
    { title: vscode.l10n.t('How is the data laid out?') },
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

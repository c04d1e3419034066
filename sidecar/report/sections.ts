/** @file What a report says, in its order: the answer, then what it was measured on, how, and how to do it again. */

import { answers, sayAnswer, sayOverall } from '../protocol/findings-words.ts';
import { english } from '../protocol/reason.ts';
import { sayResult, sayWhole } from '../protocol/result-words.ts';
import { parameterShare, perHour } from './amounts.ts';
import { type Block, heading, paragraph } from './document.ts';
import type { Facts } from './facts.ts';
import { measureSections } from './measures.ts';

export function sectionsOf(facts: Facts): Block[] {
  return [
    heading(facts.run.name, 1),
    paragraph(whatWasDone(facts)),
    ...theAnswer(facts),
    ...theData(facts),
    ...measureSections(facts.findings),
    ...theSettings(facts),
    ...again(facts),
  ];
}

function whatWasDone({ run, findings, device, steps, seconds, state }: Facts): string {
  const { rows, languages, parameters } = findings;
  const codes = (role: 'new' | 'existing') => languages.filter((one) => one.role === role).map(({ code }) => code);
  const stages = rows.length - 1;
  const order =
    stages > 1
      ? `, in ${stages} stages (${rows
          .slice(1)
          .map(({ add }) => add.join(' and '))
          .join(', then ')})`
      : '';
  const trained = parameters ? ` ${parameterShare(parameters)}` : '';
  const took =
    seconds === undefined
      ? ''
      : ` It took ${seconds < 3600 ? `${Math.round(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`}.`;
  const unfinished = state === 'done' ? '' : ` The run is not done: ${steps} steps so far.`;
  return `A frozen speech model was taught ${list(codes('new'))}${order}, beside ${list(codes('existing'))}, which it knew: ${steps} steps on ${device ?? 'an unknown device'}, by MiLorE ${run.versions.milore ?? ''}, begun ${run.createdAt.slice(0, 10)}.${trained}${took}${unfinished}`;
}

const list = (codes: readonly string[]) => (codes.length > 0 ? codes.join(', ') : 'none');

function theAnswer({ findings, signs }: Facts): Block[] {
  const all = answers(findings, english);
  const said = sayResult(findings, signs, english);
  const { level, draws, seed } = findings;
  return [
    heading('What was learned, what was forgotten'),
    paragraph(said ? sayWhole(said) : sayOverall(all, english)),
    { kind: 'list', items: all.map(sayAnswer) },
    paragraph(
      `In brackets, ${Math.round(level * 100)} % intervals: bootstrap with ${draws} draws (seed ${seed}) over speakers where two at least are known (of fewer than eight their utterances are drawn too), else over utterances; differences are paired by utterance. “Better” and “worse” are said only where the interval leaves zero out. Loss is compared with a control, the same head trained as long on the frozen base; everything else with the base itself.`,
    ),
  ];
}

function theData({ findings, data }: Facts): Block[] {
  const rows = findings.languages.map(({ code, role, entered, seconds, utterances, speakers }) => {
    const own = data.find(({ language }) => language === code);
    const out = own ? Object.entries(own.skipped).map(([reason, count]) => `${count} ${reason}`) : [];
    if (own && own.dropped > 0) out.push(`${own.dropped} too short`);
    return [
      code,
      role === 'new' ? `new, stage ${entered}` : 'known',
      own ? perHour(own.trainSeconds) : '–',
      perHour(seconds),
      String(utterances),
      speakers > 0 ? String(speakers) : 'unknown',
      out.join(', ') || 'none',
      own?.licences.map((one) => one || 'not noted').join('; ') || 'not noted',
    ];
  });
  return [
    heading('Data'),
    {
      kind: 'table',
      name: 'data',
      caption:
        'Speech by language. Held-out speech is never trained on; clips and speakers are those of held-out speech. Licences are quoted as they are noted with the recordings.',
      head: ['language', 'role', 'trained', 'held out', 'clips', 'speakers', 'left out', 'licence'],
      rows,
      words: 2,
    },
  ];
}

function theSettings({ resolved, notes }: Facts): Block[] {
  const rows = Object.entries(flat(resolved)).map(([key, value]) => [key, value]);
  const blocks: Block[] = [
    heading('Settings'),
    {
      kind: 'table',
      name: 'settings',
      caption: 'Every setting, defaults written out.',
      head: ['setting', 'value'],
      rows,
      words: 2,
      folded: true,
    },
  ];
  if (notes.length > 0) blocks.push(heading('Notes of the run'), { kind: 'list', items: notes });
  return blocks;
}

/** `training.steps`, with its value on one line. */
function flat(value: unknown, at = '', into: Record<string, string> = {}): Record<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    for (const [key, inner] of Object.entries(value)) flat(inner, at ? `${at}.${key}` : key, into);
  else if (Object.keys(into).length < MOST_SETTINGS) into[at] = (JSON.stringify(value) ?? '').slice(0, 200);
  return into;
}

const MOST_SETTINGS = 400;

function again({ run, written }: Facts): Block[] {
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  return [
    heading('How to do it again'),
    paragraph(
      `The experiment as it was written, with ${versions.join(', ')}. The same file, data and version give the same numbers on the same kind of device: milore train experiment.milore.yaml`,
    ),
    { kind: 'code', text: written },
  ];
}

/** @file The guide's one screen: languages, base, lengths, time, and what is written. */
import type { GuideAction, GuideChoice, GuideMissing, GuideRole, GuideView } from '../../sidecar/config/guide/view.ts';
import { button, dropdown } from '../controls.ts';
import { h, setAttribute, setText } from '../dom.ts';
import { t } from '../words.ts';
import { baseTable } from './bases.ts';
import { numbers } from './format.ts';
import { languageTable } from './languages.ts';

export interface Guide {
  language: string;
  choose(more: Partial<GuideChoice>): void;
  role(code: string, role: GuideRole): void;
  act(action: GuideAction): void;
}

export interface GuidePart {
  element: HTMLElement;
  update(view: GuideView): void;
}

export function guidePage(guide: Guide): GuidePart {
  const start = beginning(guide);
  const parts = [languages(guide), bases(guide), short(guide), time(guide)];
  const end = ending(guide);
  const steps = h('div', { class: 'steps' }, ...parts.map(({ element }) => element));
  const element = h('main', { class: 'guide' }, h('h1', {}, t('New Experiment')), start.element, steps, end.element);
  return {
    element,
    update(view) {
      const empty = view.missing.some((one) => one === 'workspace' || one === 'data' || one === 'trust');
      start.element.hidden = !empty;
      steps.hidden = empty;
      end.element.hidden = empty;
      if (empty) return start.update(view);
      for (const part of [...parts, end]) part.update(view);
    },
  };
}

function section(number: number, title: string, about: string, ...content: HTMLElement[]): HTMLElement {
  const id = `step-${number}`;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, h('span', { class: 'number', 'aria-hidden': 'true' }, String(number)), title),
    h('p', { class: 'about' }, about),
    ...content,
  );
}

/** A workspace without recordings: nothing can be proposed without. */
function beginning({ act }: Guide): GuidePart {
  const words = h('p');
  const open = button(t('Open Folder…'), () => act('openFolder'), 'primary');
  const add = button(t('Add Dataset…'), () => act('addDataset'), 'primary');
  const sample = button(t('Open the Sample'), () => act('openSample'));
  return {
    element: h('section', { class: 'beginning' }, words, h('div', { class: 'actions' }, open, add, sample)),
    update({ missing: [first] }) {
      setText(
        words,
        first === 'workspace'
          ? t('Open a folder first: data, experiments and runs are kept in it.')
          : first === 'trust'
            ? t('Restricted Mode: trust this folder to read recordings and to train.')
            : t(
                'An experiment begins with recordings: add a folder of them for each language, or try the sample, which brings its own.',
              ),
      );
      open.hidden = first !== 'workspace';
      add.hidden = first !== 'data';
      sample.hidden = first === 'trust';
    },
  };
}

function languages(guide: Guide): GuidePart {
  const table = languageTable(guide);
  const add = button(t('Add Dataset…'), () => guide.act('addDataset'));
  const element = section(
    1,
    t('Languages'),
    t(
      'A new language is learned. An existing one is known to the base already: a little of it is replayed, so that it is not forgotten.',
    ),
    table.element,
    add,
  );
  return { element, update: table.update };
}

function bases(guide: Guide): GuidePart {
  const table = baseTable(guide);
  const folder = button(t('Choose a folder…'), () => guide.act('addBase'));
  const sample = button(t('Take the sample’s'), () => guide.act('sampleBase'));
  const element = section(
    2,
    t('Base model'),
    t(
      'The model that is taught. Its own parameters stay as they are; with the head that it was pre-trained with, what it forgets is measured by its own predictions.',
    ),
    table.element,
    h('div', { class: 'actions' }, folder, sample),
  );
  return {
    element,
    update(view) {
      table.update(view);
      sample.hidden = view.bases.some(({ key }) => key === 'model:sample-base');
    },
  };
}

function short(guide: Guide): GuidePart {
  const { plain, share, time } = numbers(guide.language);
  const join = dropdown(t('Join a speaker’s recordings'), (value) => guide.choose({ joinSeconds: Number(value) }));
  const minimum = dropdown(t('Leave out what is shorter than'), (value) => guide.choose({ minSeconds: Number(value) }));
  const reason = h('p', { class: 'note' });
  const kept = h('p', { class: 'kept', role: 'status' });
  const label = (words: string, one: GuideView['joins'][number]) => {
    const keeps = one.exact ? t('keeps {0}', share(one.share)) : t('keeps at least {0}', share(one.share));
    return `${words}: ${keeps}${one.proposed ? `, ${t('proposed')}` : ''}`;
  };
  const element = section(
    3,
    t('Short recordings'),
    t('From the lengths of your recordings: what is too short cannot be learned from, and short ones can be joined.'),
    h('div', { class: 'choices' }, join.element, minimum.element),
    reason,
    kept,
  );
  return {
    element,
    update({ joins, joinSeconds, joinReason, minimums, minSeconds }) {
      join.update(
        joins.map((one) => [
          String(one.value),
          label(one.value === 0 ? t('as they are') : t('into chunks of {0} s', plain(one.value)), one),
        ]),
        String(joinSeconds),
      );
      minimum.update(
        minimums.map((one) => [String(one.value), label(t('{0} s', plain(one.value)), one)]),
        String(minSeconds),
      );
      setText(
        reason,
        {
          'many-too-short': t('More than one recording in twenty is shorter than half a second: joining keeps them.'),
          'half-below-two-seconds': t(
            'Half of the recordings are shorter than two seconds: joined, there is more around what is hidden.',
          ),
          'long-enough': t('The recordings are long enough as they are.'),
        }[joinReason],
      );
      const now = minimums.find(({ value }) => value === minSeconds);
      setText(
        kept,
        now
          ? now.exact
            ? t('{0} of speech are kept, {1}.', time(now.seconds), share(now.share))
            : t('At least {0} of speech are kept, {1}.', time(now.seconds), share(now.share))
          : '',
      );
    },
  };
}

function time(guide: Guide): GuidePart {
  const { whole, share, time, bytes } = numbers(guide.language);
  const length = dropdown(t('Train for'), (value) => guide.choose({ length: value as GuideView['length'] }));
  const replay = dropdown(t('Replay of existing languages'), (value) => guide.choose({ replay: Number(value) }));
  const told = h('p', { class: 'kept', role: 'status' });
  const how = h('p', { class: 'note' });
  const element = section(
    4,
    t('Time'),
    t('Steps from the hours of new speech and the speed of this machine: about ten passes, and no more than a night.'),
    h('div', { class: 'choices' }, length.element, replay.element),
    told,
    how,
  );
  const names = { look: t('a first look'), usual: t('as usual'), thorough: t('thoroughly') };
  return {
    element,
    update(view) {
      length.update(
        view.times.map((one) => [
          one.length,
          t('{0}: {1} steps, {2}', names[one.length], whole(one.steps), time(one.totalSeconds)),
        ]),
        view.length,
      );
      replay.element.hidden = view.replay === undefined;
      if (view.replay !== undefined)
        replay.update(
          view.replays.map((one) => [String(one), t('{0} of each batch', share(one))]),
          String(view.replay),
        );
      const chosen = view.times.find((one) => one.length === view.length);
      setText(
        told,
        chosen
          ? t(
              'The first curve after about {0}, all done after about {1}; {2} of it to prepare the audio.',
              time(chosen.firstCurveSeconds),
              time(chosen.totalSeconds),
              time(view.preparationSeconds),
            )
          : '',
      );
      setText(
        how,
        chosen
          ? `${view.measured ? t('As measured on this machine.') : t('Reckoned for this processor; measured once something has run.')} ${t('About {0} of memory.', bytes(view.peakBytes))}`
          : '',
      );
    },
  };
}

function ending({ act, choose }: Guide): GuidePart {
  const name = h('vscode-text-field', { id: 'name', size: 32, maxlength: 100 }, t('Name')) as HTMLElement & {
    value: string;
  };
  name.addEventListener('input', () => choose({ name: name.value }));
  const train = button(t('Create and Train'), () => act('train'), 'primary');
  const create = button(t('Create'), () => act('create'));
  const missing = h('p', { class: 'missing', role: 'status' });
  const say: Record<GuideMissing, string> = {
    workspace: '',
    trust: '',
    data: '',
    unread: t('Recordings are still being read.'),
    'new-language': t('Give a language the role “new”.'),
    base: t('Choose a base model.'),
    'base-not-here': t('Download the base model first, or choose one that is here.'),
    'base-fault': t('This base model cannot be trained; choose another.'),
    name: t('The name takes letters, digits, spaces, dots and dashes.'),
    'name-taken': t('There is an experiment of this name already.'),
  };
  const element = h('footer', {}, name, h('div', { class: 'actions' }, train, create), missing);
  return {
    element,
    update(view) {
      if (document.activeElement !== name && name.value !== view.name) name.value = view.name;
      const ready = view.missing.length === 0 && view.busy === undefined;
      for (const control of [train, create]) setAttribute(control, 'disabled', ready ? undefined : '');
      setText(missing, view.busy?.what ?? view.missing.map((one) => say[one]).join(' '));
    },
  };
}

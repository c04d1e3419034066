/**
 * @file What a run has taught and cost, in a few sentences, and the one thing to try next: the same words in the toast at
 * its end, on the dashboard's first line, in the tree, in the model card, in the terminal and the report. Pure; words go
 * through the caller's translation.
 */
import { FORGETTING_KEYS, HELD_OUT_KEY, JOIN_SECONDS, LEARNING_KEYS, LOSS_KEYS, ROUTING_KEYS } from './alarm-rules.ts';
import { sayFindingReason } from './finding-reasons.ts';
import type { Findings, FindingTable } from './findings.ts';
import { changeDigits, type Headline, headlineOf, saySigned, saySize } from './findings-words.ts';
import type { Translate } from './reason.ts';

/** What the alarms say of a run beside its findings. */
export interface Signs {
  /** Languages of which nothing is held out. */
  unmeasured: readonly string[];
  /** Languages of which many recordings were left out as too short. */
  short: readonly string[];
  /** Experts that no language uses, over all routers, and routers that send everything to one. */
  dead: number;
  collapsed: number;
}

export const noSigns: Signs = { unmeasured: [], short: [], dead: 0, collapsed: 0 };

export interface SaidResult {
  /** In the order in which they are read: what was learned, what was kept or lost, what weakens both. */
  sentences: string[];
  /** The one thing to try; absent where nothing calls for it. */
  next?: string;
}

/** As one paragraph. */
export const sayWhole = ({ sentences, next }: SaidResult): string =>
  [...sentences, ...(next === undefined ? [] : [next])].join(' ');

/** Below so many held-out speakers an interval says little of others. */
const fewSpeakers = 8;
/** As many languages are named in a sentence. */
const named = 6;

/** Undefined where no stage has been measured yet. */
export function sayResult(findings: Findings, signs: Signs, t: Translate): SaidResult | undefined {
  if (findings.rows.length < 2) return undefined;
  const all = findings.languages.flatMap(({ code }) => headlineOf(findings, code) ?? []);
  const without = findings.languages.map(({ code }) => code).filter((code) => !all.some((one) => one.code === code));
  const of = (role: Headline['role'], against: FindingTable['against'], verdict: string) =>
    all.filter((one) => one.role === role && one.table.against === against && one.change?.verdict === verdict);
  const by = (some: readonly Headline[], say: (one: Headline) => string) => joined(some.map(say), t);
  const sure = (some: readonly Headline[]) => by(some, (one) => surely(one, t));
  const open = (some: readonly Headline[]) => by(some, (one) => openly(one, t));
  const sentences: string[] = [];
  const tell = (some: readonly Headline[], words: (list: readonly Headline[]) => string) => {
    if (some.length > 0) sentences.push(words(some));
  };

  tell(of('new', 'control', 'better'), (some) => t('Learned, against the control: {0}.', sure(some)));
  tell(of('new', 'base', 'better'), (some) => t('Learned, against the base: {0}.', sure(some)));
  tell([...of('new', 'control', 'cannot tell'), ...of('new', 'base', 'cannot tell')], (some) =>
    t('Whether it was learned cannot be told: {0}.', open(some)),
  );
  tell(of('new', 'control', 'worse'), (some) => t('Worse than the control: {0}.', sure(some)));
  tell(of('new', 'base', 'worse'), (some) => t('Worse than the base: {0}.', sure(some)));

  tell(of('existing', 'base', 'worse'), (some) => t('Forgotten, by the base’s own head: {0}.', sure(some)));
  tell(of('existing', 'base', 'cannot tell'), (some) =>
    t(
      'Kept, as far as can be told: {0}.',
      by(some, (one) => atMost(one, t)),
    ),
  );
  tell(of('existing', 'base', 'better'), (some) => t('Better than the base: {0}.', sure(some)));
  tell(of('existing', 'control', 'worse'), (some) => t('Known, and worse than the control: {0}.', sure(some)));
  tell(of('existing', 'control', 'cannot tell'), (some) =>
    t('Known, and not to be told from the control: {0}.', open(some)),
  );
  tell(of('existing', 'control', 'better'), (some) => t('Known, and better than the control: {0}.', sure(some)));
  if (all.some(({ role, table }) => role === 'existing' && table.against === 'control'))
    sentences.push(t('The base has no head of its own here, so what it has forgotten was not measured.'));

  const blank = [...all.filter(({ change }) => !change).map(({ code }) => code), ...without];
  if (blank.length > 0) sentences.push(t('Not compared: {0}.', joined(blank, t)));
  if (all.some(({ cell }) => cell.by === 'speaker' && (cell.drawn ?? fewSpeakers) < fewSpeakers))
    sentences.push(t('Few speakers are held out: this says little of others.'));
  const next = nextStep(findings, all, signs, t);
  return { sentences, ...(next === undefined ? {} : { next }) };
}

function joined(items: readonly string[], t: Translate): string {
  const more = items.length - named;
  const first = items.slice(0, named).join(', ');
  return more > 0 ? t('{0} and {1} more', first, more) : first;
}

const unitName = ({ table: { unit } }: Headline, t: Translate) =>
  unit === 'share' ? t('points') : unit === 'nats' ? t('nats') : unit;

/** `fin by 0.08 nats (at least 0.06)`: the interval's end that is nearest to zero. */
function surely(one: Headline, t: Translate): string {
  const { code, change, table } = one;
  const { value = Number.NaN, low = value, high = value } = change!;
  const digits = changeDigits(change!, table.unit);
  const size = (number: number) => saySize(number, table.unit, digits);
  const least = Math.min(Math.abs(low), Math.abs(high));
  return t('{0} by {1} {2} (at least {3})', code, size(value), unitName(one, t), size(least));
}

/** `vie (−0.01 nats, −0.04 to +0.02)`, or why there is no interval. */
function openly(one: Headline, t: Translate): string {
  const { code, change, table } = one;
  const { value, low, high, reason } = change!;
  const digits = changeDigits(change!, table.unit);
  const signed = (number: number) => saySigned(number, table.unit, digits);
  if (value === undefined || low === undefined || high === undefined)
    return reason ? t('{0} ({1})', code, sayFindingReason(reason, t)) : code;
  return t('{0} ({1} {2}, {3} to {4})', code, signed(value), unitName(one, t), signed(low), signed(high));
}

/** `eng (at most 0.07 nats lost)`: what the interval does not rule out. */
function atMost(one: Headline, t: Translate): string {
  const { code, change, table } = one;
  const { low, high } = change!;
  if (low === undefined || high === undefined) return openly(one, t);
  const worst = table.better === 'lower' ? high : -low;
  const size = saySize(Math.max(0, worst), table.unit, changeDigits(change!, table.unit));
  return t('{0} (at most {1} {2} lost)', code, size, unitName(one, t));
}

/** The first that calls for something: what cannot be seen, what was thrown away, what is lost, what does not work. */
function nextStep({ languages }: Findings, all: readonly Headline[], signs: Signs, t: Translate): string | undefined {
  const silent = languages.filter(({ utterances }) => utterances === 0).map(({ code }) => code);
  const unmeasured = [...new Set([...signs.unmeasured, ...silent])];
  if (unmeasured.length > 0)
    return t('Next: hold out speech of {0} ({1}), or add some.', joined(unmeasured, t), HELD_OUT_KEY);
  if (signs.short.length > 0)
    return t(
      'Next: join the short recordings of {0} ({1}: {2}); many were left out.',
      joined(signs.short, t),
      LOSS_KEYS[0],
      JOIN_SECONDS,
    );
  const fell = (role: Headline['role']) => all.some((one) => one.role === role && one.change?.verdict === 'worse');
  const unsure = all.some(({ role, change }) => role === 'new' && change?.verdict === 'cannot tell');
  if (fell('existing')) return t('Next: try more replay ({0}).', FORGETTING_KEYS[0]);
  if (signs.collapsed + signs.dead > 0)
    return t('Next: try a balance loss ({0}); some experts do nothing.', ROUTING_KEYS[0]);
  if (fell('new')) return t('Next: try a lower rate ({0}).', LEARNING_KEYS[1]);
  if (unsure) return t('Next: train longer ({0}), or hold out more speech ({1}).', LEARNING_KEYS[0], HELD_OUT_KEY);
  return undefined;
}

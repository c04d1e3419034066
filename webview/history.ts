/** @file What a run has said, gathered from its events: samples, evaluations, corpus, the log's tail. Never draws. */
import type { CorpusSummary } from '../sidecar/protocol/events.ts';
import type { LogName } from '../sidecar/protocol/log.ts';
import { type Measurement, measuredValue, measurementsOf } from '../sidecar/protocol/measurement.ts';
import { reasonIn, sayReason } from '../sidecar/protocol/reason.ts';
import { entries, list, number, object, text } from './fields.ts';
import { Legs } from './legs.ts';
import { Series } from './series.ts';
import { Utilisation } from './utilisation.ts';
import { t } from './words.ts';

/** The series that belong to no language, with the arm that they are told of. */
const scalars = {
  loss: 'adapted',
  learningRate: 'run',
  gradientNorm: 'adapted',
  audioSecondsPerSecond: 'run',
  residentBytes: 'run',
  skippedSteps: 'run',
  adapterNorm: 'adapted',
  loraBNorm: 'adapted',
} as const;
export type ScalarName = keyof typeof scalars;
export const scalarNames = Object.keys(scalars) as ScalarName[];

export class ScorePair {
  readonly loss = new Series();
  /** In percent. */
  readonly accuracy = new Series();

  /** Where only one of the two was measured the other has no number there. */
  push(step: number, loss: number, accuracy: number): void {
    if (Number.isNaN(loss) && Number.isNaN(accuracy)) return;
    this.loss.push(step, loss);
    this.accuracy.push(step, accuracy * 100);
  }

  takeBack(step: number): void {
    this.loss.takeBack(step);
    this.accuracy.takeBack(step);
  }
}

export class LanguageHistory {
  role: 'existing' | 'new' | undefined;
  readonly train = new ScorePair();
  readonly heldOut = new ScorePair();
  readonly control = new ScorePair();
  readonly own = new ScorePair();
  readonly ownBase = new ScorePair();

  takeBack(step: number): void {
    for (const pair of [this.train, this.heldOut, this.control, this.own, this.ownBase]) pair.takeBack(step);
  }
}

export interface Mark {
  step: number;
  kind: 'resumed' | 'checkpoint' | 'stopped' | 'failed' | 'done' | 'evaluation';
}

/** What has been drawn of a language. */
export interface Heard {
  /** Of all seconds so far, and what it is to be. */
  share: number;
  wanted: number;
  used: number;
  clips: number;
}

export interface Corpus extends Omit<CorpusSummary, 'skipped'> {
  skipped: CorpusSummary['skipped'];
}

export interface LogLine {
  time: string;
  level: 'info' | 'warning' | 'error';
  text: string;
}

const tailLines = 200;
const levels: Record<string, LogLine['level']> = { skipped: 'warning', stopped: 'warning', failed: 'error' };

export class RunHistory {
  readonly languages = new Map<string, LanguageHistory>();
  readonly scalars = new Map<ScalarName, Series>(scalarNames.map((name) => [name, new Series()]));
  /** Milliseconds since 1970 at each logged step. */
  readonly clock = new Series();
  readonly corpus = new Map<string, Corpus>();
  readonly heard = new Map<string, Heard>();
  utilisation = new Utilisation();
  marks: Mark[] = [];
  lines: LogLine[] = [];
  step = 0;
  steps = 0;
  device = '';
  deviceNotes: string[] = [];
  /** At work, all legs together. */
  seconds: number | undefined;
  private legs = new Legs();
  version = 0;

  /** A log is told from its beginning. */
  forget(log: LogName): void {
    this.version++;
    if (log === 'utilisation') {
      this.utilisation = new Utilisation();
      return;
    }
    Object.assign(this, { ...new RunHistory(), utilisation: this.utilisation, version: this.version });
  }

  add(log: LogName, raw: unknown): void {
    this.version++;
    const event = object(raw);
    if (log === 'log') this.addEvent(event);
    else if (event.type === 'utilisation') this.utilisation.add(event);
    else if (event.type === 'resumed') this.utilisation.takeBack(number(event.fromStep));
  }

  /** An event that this version does not know leaves a line in the tail, nothing else. */
  private addEvent(event: Record<string, unknown>): void {
    const step = number(event.step);
    this.legs.add(event.type, Date.parse(text(event.time, 40)));
    switch (event.type) {
      case 'started':
        this.steps = Math.max(0, number(event.steps) || 0);
        if (step >= 0) this.step = step;
        this.device = text(event.device, 60);
        this.deviceNotes = list(event.deviceNotes, 20).map((note) => text(note));
        break;
      case 'corpus':
        this.addCorpus(event);
        break;
      case 'sampling':
        for (const [code, use] of entries(event.languages))
          this.heard.set(text(code, 80), {
            share: number(use.share),
            wanted: number(use.wantedShare),
            used: number(use.used),
            clips: number(use.clips),
          });
        break;
      case 'metrics':
        if (Number.isFinite(step)) this.addMetrics(step, event);
        break;
      case 'evaluation':
        if (Number.isFinite(step)) this.addEvaluation(step, event);
        break;
      case 'resumed':
        this.resume(number(event.fromStep));
        break;
      case 'checkpoint':
      case 'stopped':
      case 'failed':
      case 'done':
        if (Number.isFinite(step)) this.marks.push({ step, kind: event.type });
        if (event.type === 'done') this.seconds = this.legs.secondsWith(number(event.seconds));
        break;
    }
    this.addLine(event);
  }

  language(code: string): LanguageHistory {
    let found = this.languages.get(code);
    if (!found) this.languages.set(code, (found = new LanguageHistory()));
    return found;
  }

  scalar(name: ScalarName): Series {
    return this.scalars.get(name)!;
  }

  /** From the pace of the last logged points; undefined while there are fewer than two. */
  remainingSeconds(): number | undefined {
    const last = this.clock.length - 1;
    if (last < 1 || this.steps <= this.step) return undefined;
    const from = Math.max(0, last - 30);
    const steps = this.clock.steps.at(last) - this.clock.steps.at(from);
    const ms = this.clock.values.at(last) - this.clock.values.at(from);
    return steps > 0 && ms > 0 ? ((this.steps - this.step) * ms) / steps / 1000 : undefined;
  }

  private addMetrics(step: number, event: Record<string, unknown>): void {
    this.step = step;
    this.clock.push(step, Date.parse(text(event.time)));
    const values = measurementsOf(event);
    for (const [name, series] of this.scalars) series.push(step, measuredValue(values, name, { arm: scalars[name] }));
    for (const code of languagesIn(values)) this.language(code).train.push(step, ...scoreOf(values, code, 'adapted'));
  }

  private addEvaluation(step: number, event: Record<string, unknown>): void {
    this.marks.push({ step, kind: 'evaluation' });
    const values = measurementsOf(event);
    // Version 1 says the role here too; a log that was cut may lack its corpus.
    for (const [code, { role }] of entries(event.languages))
      if (role === 'new' || role === 'existing') this.language(code).role = role;
    for (const code of languagesIn(values)) {
      const language = this.language(code);
      language.heldOut.push(step, ...scoreOf(values, code, 'adapted'));
      language.control.push(step, ...scoreOf(values, code, 'control'));
      language.own.push(step, ...scoreOf(values, code, 'adapted', 'ownHead'));
      language.ownBase.push(step, ...scoreOf(values, code, 'base', 'ownHead'));
    }
  }

  private addCorpus(event: Record<string, unknown>): void {
    const language = text(event.language, 80);
    const role = event.role === 'new' ? 'new' : 'existing';
    const [dropped, aside] = [object(event.dropped), object(event.aside)];
    this.language(language).role = role;
    this.corpus.set(language, {
      language,
      role,
      trainSeconds: number(event.trainSeconds),
      heldOutSeconds: number(event.heldOutSeconds),
      utterances: number(event.utterances),
      speakers: number(event.speakers),
      skipped: list(event.skipped).map((entry) => ({
        path: text(object(entry).path, 400),
        reasonCode: text(object(entry).reasonCode, 80),
        reason: text(object(entry).reason || object(entry).reasonCode, 400),
      })),
      dropped: { pieces: number(dropped.pieces) || 0, seconds: number(dropped.seconds) || 0 },
      aside: { beyondHours: number(aside.beyondHours) || 0, unused: number(aside.unused) || 0 },
      notes: list(event.notes, 100).map((note) => text(note, 400)),
    });
  }

  private resume(fromStep: number): void {
    if (!Number.isFinite(fromStep)) return;
    this.step = Math.max(0, fromStep);
    this.seconds = undefined;
    for (const series of [...this.scalars.values(), this.clock]) series.takeBack(fromStep);
    for (const language of this.languages.values()) language.takeBack(fromStep);
    this.marks = this.marks.filter((mark) => mark.step <= fromStep && mark.kind !== 'failed');
    this.marks.push({ step: this.step, kind: 'resumed' });
  }

  private addLine(event: Record<string, unknown>): void {
    const level = event.level === 'warning' ? 'warning' : (levels[text(event.type)] ?? 'info');
    this.lines.push({ time: text(event.time, 40), level, text: sentence(event) });
    if (this.lines.length > 2 * tailLines) this.lines = this.lines.slice(-tailLines);
  }

  tail(): LogLine[] {
    return this.lines.slice(-tailLines);
  }
}

const languagesIn = (values: readonly Measurement[]) =>
  new Set(values.flatMap(({ language }) => (language === undefined ? [] : [text(language, 80)])));

function scoreOf(values: readonly Measurement[], language: string, arm: string, head?: 'ownHead'): [number, number] {
  const names = head ? [`${head}Loss`, `${head}Accuracy`] : ['loss', 'accuracy'];
  const [loss, accuracy] = names.map((measure) => measuredValue(values, measure, { arm, language }));
  return [loss, accuracy];
}

/** The event as one line of text: its type, then what it carries, objects as JSON cut short. */
function sentence(event: Record<string, unknown>): string {
  const rest = Object.entries(event)
    .filter(([key]) => !['seq', 'time', 'type'].includes(key))
    .map(([key, value]) => {
      if (typeof value === 'number') return `${key} ${Number.isInteger(value) ? value : Number(value.toPrecision(4))}`;
      if (typeof value === 'string')
        return key === 'text' || key === 'reason' ? text(value, 400) : `${key} ${text(value)}`;
      if (key === 'reason') return sayReason(reasonIn(value, { code: 'stopped' }), t).text.slice(0, 400);
      if (key === 'values') return [...languagesIn(measurementsOf(event))].join(' ').slice(0, 200);
      if (Array.isArray(value)) return value.length > 0 && `${key} ${value.length}`;
      return (
        key === 'languages' &&
        Object.keys(value ?? {})
          .join(' ')
          .slice(0, 200)
      );
    });
  return [text(event.type, 40), ...rest.filter(Boolean)].join('  ').slice(0, 600);
}

/** @file How each language uses each site's experts over time; typed rows a language and site. No drawing, no state. */
import { entries, list, number, text } from './fields.ts';
import { upperBound } from './series.ts';

export interface Site {
  /** From 0, as the log and tensors name it. */
  layer: number;
  target: string;
}

/** A layer as a person reads it: from 1, as `units.layer` counts. */
export const layerNumber = ({ layer }: Pick<Site, 'layer'>): number => layer + 1;

/** What a language does at a site at one step. */
export interface Use {
  gates: Float32Array;
  load: Float32Array;
  effective: number;
  effectivePerFrame: number;
}

const mostExperts = 64;
export const siteKey = (site: Site): string => `${site.layer}/${site.target}`;

/** Rows of one language at one site: E gates, E loads, two effective counts. */
class Rows {
  readonly steps: number[] = [];
  private data: Float32Array;
  private readonly stride: number;

  constructor(readonly experts: number) {
    this.stride = 2 * experts + 2;
    this.data = new Float32Array(this.stride * 8);
  }

  push(step: number, row: ArrayLike<number>): void {
    while (this.steps.length > 0 && this.steps[this.steps.length - 1] >= step) this.steps.pop();
    const at = this.steps.length * this.stride;
    if (at === this.data.length) {
      const larger = new Float32Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(row, at);
    this.steps.push(step);
  }

  takeBack(step: number): void {
    while (this.steps.length > 0 && this.steps[this.steps.length - 1] > step) this.steps.pop();
  }

  at(step: number): Use | undefined {
    const index = upperBound(this.steps, step) - 1;
    if (index < 0) return undefined;
    const at = index * this.stride;
    const e = this.experts;
    return {
      gates: this.data.subarray(at, at + e),
      load: this.data.subarray(at + e, at + 2 * e),
      effective: this.data[at + 2 * e],
      effectivePerFrame: this.data[at + 2 * e + 1],
    };
  }
}

export class Utilisation {
  readonly sites = new Map<string, Site>();
  private readonly rows = new Map<string, Map<string, Rows>>();
  /** Every step that was logged, rising: the slider's stops. */
  readonly steps: number[] = [];
  experts = 0;
  version = 0;

  get languages(): string[] {
    return [...this.rows.keys()];
  }

  add(event: Record<string, unknown>): void {
    const step = number(event.step);
    if (!Number.isFinite(step)) return;
    while (this.steps.length > 0 && this.steps[this.steps.length - 1] >= step) this.steps.pop();
    this.steps.push(step);
    this.version++;
    for (const [language, value] of Object.entries(event.languages ?? {})) {
      for (const site of list(value, 1000)) this.addSite(step, text(language, 80), site);
    }
  }

  private addSite(step: number, language: string, value: unknown): void {
    const [entry] = entries({ value });
    if (!entry) return;
    const use = entry[1];
    const site = { layer: number(use.layer), target: text(use.target, 40) };
    const gates = list(use.gates, mostExperts).map(number);
    const load = list(use.load, mostExperts).map(number);
    if (!Number.isInteger(site.layer) || gates.length === 0 || load.length !== gates.length) return;
    const key = siteKey(site);
    const sites = this.rows.get(language) ?? new Map<string, Rows>();
    this.rows.set(language, sites);
    let rows = sites.get(key);
    if (!rows) {
      rows = new Rows(gates.length);
      sites.set(key, rows);
      this.sites.set(key, site);
      this.experts = Math.max(this.experts, gates.length);
    }
    if (rows.experts !== gates.length) return;
    rows.push(step, [...gates, ...load, number(use.effectiveExperts), number(use.effectivePerFrame)]);
  }

  /** A resumed run does the steps behind `step` again. */
  takeBack(step: number): void {
    if (!Number.isFinite(step)) return;
    while (this.steps.length > 0 && this.steps[this.steps.length - 1] > step) this.steps.pop();
    for (const sites of this.rows.values()) for (const rows of sites.values()) rows.takeBack(step);
    this.version++;
  }

  /** The newest row of a language at a site, at or before a step: a batch need not hold every language. */
  at(language: string, site: string, step: number): Use | undefined {
    return this.rows.get(language)?.get(site)?.at(step);
  }

  /** Sites by layer, then in the order they were first named. */
  sorted(): Site[] {
    return [...this.sites.values()].sort((a, b) => a.layer - b.layer);
  }
}

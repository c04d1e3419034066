/** @file Why a file is no findings: a code and its arguments, put into a person's words where a person reads. */
import type { Translate } from './reason.ts';

export type Misfit = 'object' | 'list' | 'text' | 'number' | 'whole' | 'share' | 'word' | 'size' | 'order' | 'twice';

export type FindingsFault =
  /** In the words of the system, or of the parser. */
  | { code: 'disk' | 'json'; text: string }
  | { code: 'large'; bytes: number; mostBytes: number }
  | { code: 'version'; version: string }
  /** `at`: `tables[0].rows[1].fin.value` */
  | { code: 'field'; at: string; what: Misfit };

/** Thrown inside the reader alone. */
export class Wrong extends Error {
  readonly fault: FindingsFault;

  constructor(fault: FindingsFault) {
    super(fault.code);
    this.fault = fault;
  }
}

export function sayFault(fault: FindingsFault, t: Translate): string {
  switch (fault.code) {
    case 'disk':
      return t('it cannot be read ({0})', fault.text);
    case 'json':
      return t('it is no JSON ({0})', fault.text);
    case 'large':
      return t('it is too large: {0} of at most {1} MB', megabytes(fault.bytes), megabytes(fault.mostBytes));
    case 'version':
      return t('its version is {0}, and this MiLorE reads 1', fault.version);
    case 'field':
      return misfit(fault.what, fault.at, t);
  }
}

function misfit(what: Misfit, at: string, t: Translate): string {
  switch (what) {
    case 'object':
      return t('{0} is no object', at);
    case 'list':
      return t('{0} is no list', at);
    case 'text':
      return t('{0} is no text', at);
    case 'number':
      return t('{0} is no number', at);
    case 'whole':
      return t('{0} is no whole number, or one beyond its bounds', at);
    case 'share':
      return t('{0} is not between 0 and 1', at);
    case 'word':
      return t('{0} is none of the words that it may be', at);
    case 'size':
      return t('{0} does not have the size that it may have', at);
    case 'order':
      return t('{0} is out of order', at);
    case 'twice':
      return t('{0} names one twice', at);
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const known = ['disk', 'json', 'large', 'version', 'field'];

/** As the host says it to the dashboard; undefined where it is no fault. */
export function faultIn(value: unknown): FindingsFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code } = value as { code?: unknown };
  return typeof code === 'string' && known.includes(code) ? (value as FindingsFault) : undefined;
}

/**
 * @file The table's filter: words, and expressions such as `lr > 1e-3 and not state = failed`. Words are looked for in
 * names, tags and states; what stands beside one another must all hold. Pure.
 */
import type { Scalar } from '../../sidecar/protocol/settings.ts';
import { t } from '../words.ts';
import type { Column } from './columns.ts';
import type { Row } from './row.ts';

export type Filter = { matches(row: Row): boolean } | { fault: string; at: number };

type Test = (row: Row) => boolean;
interface Token {
  kind: 'word' | 'quoted' | 'op' | '(' | ')' | 'end';
  text: string;
  /** From 0. */
  at: number;
}

class Fault extends Error {
  constructor(
    readonly at: number,
    readonly words: string,
  ) {
    super(words);
  }
}

const operators = ['<=', '>=', '!=', '==', '<', '>', '=', '~'] as const;
type Operator = (typeof operators)[number];
/** Deeper than a person nests. */
const mostDepth = 50;

export function parseFilter(source: string, columns: readonly Column[]): Filter {
  try {
    const parser = new Parser(tokens(source), columns);
    return { matches: parser.whole() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { fault: t('At character {0}: {1}', error.at + 1, error.words), at: error.at };
  }
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    const op = operators.find((one) => rest.startsWith(one));
    if (/^\s/.test(rest)) at++;
    else if (rest[0] === '(' || rest[0] === ')') found.push({ kind: rest[0], text: rest[0], at: at++ });
    else if (op) {
      found.push({ kind: 'op', text: op, at });
      at += op.length;
    } else if (rest[0] === '"') {
      const end = source.indexOf('"', at + 1);
      if (end < 0) throw new Fault(at, t('this quotation mark is never closed'));
      found.push({ kind: 'quoted', text: source.slice(at + 1, end), at });
      at = end + 1;
    } else {
      const [text] = /^[^\s()<>=!~"]+|^!/.exec(rest)!;
      found.push({ kind: 'word', text, at });
      at += text.length;
    }
  }
  return [...found, { kind: 'end', text: '', at: source.length }];
}

class Parser {
  private next = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly columns: readonly Column[],
  ) {}

  whole(): Test {
    if (this.tokens.length === 1) return () => true;
    const test = this.either(0);
    if (this.token.kind !== 'end') throw new Fault(this.token.at, t('“{0}” is not expected here', this.token.text));
    return test;
  }

  private get token(): Token {
    return this.tokens[this.next];
  }

  private is(word: string): boolean {
    return this.token.kind === 'word' && this.token.text.toLowerCase() === word;
  }

  private either(depth: number): Test {
    if (depth > mostDepth) throw new Fault(this.token.at, t('too many parentheses'));
    const tests = [this.both(depth)];
    while (this.is('or')) {
      this.next++;
      tests.push(this.both(depth));
    }
    return tests.length === 1 ? tests[0] : (row) => tests.some((test) => test(row));
  }

  private both(depth: number): Test {
    const tests = [this.one(depth)];
    for (;;) {
      if (this.is('and')) this.next++;
      else if (this.is('or') || this.token.kind === 'end' || this.token.kind === ')') break;
      tests.push(this.one(depth));
    }
    return tests.length === 1 ? tests[0] : (row) => tests.every((test) => test(row));
  }

  private one(depth: number): Test {
    if (this.is('not') || this.is('!')) {
      if (depth > mostDepth) throw new Fault(this.token.at, t('too many parentheses'));
      this.next++;
      const test = this.one(depth + 1);
      return (row) => !test(row);
    }
    const token = this.token;
    if (token.kind === '(') {
      this.next++;
      const test = this.either(depth + 1);
      if (this.token.kind !== ')') throw new Fault(this.token.at, t('a closing parenthesis is missing'));
      this.next++;
      return test;
    }
    if (token.kind === 'end') throw new Fault(token.at, t('something is missing here'));
    if (token.kind !== 'word' && token.kind !== 'quoted')
      throw new Fault(token.at, t('“{0}” is not expected here', token.text));
    this.next++;
    return this.token.kind === 'op' ? this.comparison(token) : contains(token.text);
  }

  private comparison(name: Token): Test {
    const column = this.columnOf(name);
    const op = this.token;
    this.next++;
    const value = this.token;
    if (value.kind !== 'word' && value.kind !== 'quoted')
      throw new Fault(value.at, t('a value is missing after “{0}”', op.text));
    this.next++;
    const number = value.kind === 'word' && value.text !== '' ? Number(value.text) : Number.NaN;
    const needsNumber = column.isNumber && op.text !== '~';
    if (needsNumber && Number.isNaN(number)) throw new Fault(value.at, t('“{0}” is no number', value.text));
    return (row) => holds(column.value(row), op.text as Operator, value.text, number);
  }

  /** By id or short name, or by the end of a key where only one ends so. `best.loss.fin` is the best of `loss.fin`. */
  private columnOf({ text, at }: Token): Pick<Column, 'isNumber' | 'value'> {
    const wanted = text.toLowerCase();
    const exact = this.columns.find(({ id, names }) => id.toLowerCase() === wanted || names.includes(wanted));
    if (exact) return exact;
    const best = /^best\.(.+)$/.exec(wanted);
    const of = best && this.columns.find((one) => one.best && one.id.toLowerCase() === best[1]);
    if (of) return { isNumber: true, value: (row) => of.best!(row)?.value };
    const ending = this.columns.filter(({ id }) => id.toLowerCase().endsWith(`.${wanted}`));
    if (ending.length === 1) return ending[0];
    if (ending.length > 1) throw new Fault(at, t('“{0}” can be {1} or {2}', text, ending[0].id, ending[1].id));
    throw new Fault(at, t('there is no column “{0}”', text));
  }
}

function contains(text: string): Test {
  const wanted = text.toLowerCase();
  return ({ head }) =>
    [head.name, head.id, head.experiment, head.state, head.device, ...head.tags].some((one) =>
      one.toLowerCase().includes(wanted),
    );
}

/** What a run does not have is unequal to everything, and neither more nor less. */
function holds(value: Scalar | undefined, op: Operator, text: string, number: number): boolean {
  if (value === undefined) return op === '!=';
  const asNumber = typeof value === 'number' && !Number.isNaN(number);
  const [mine, other] = asNumber ? [value, number] : [String(value).toLowerCase(), text.toLowerCase()];
  switch (op) {
    case '<':
      return mine < other;
    case '>':
      return mine > other;
    case '<=':
      return mine <= other;
    case '>=':
      return mine >= other;
    case '=':
    case '==':
      return mine === other;
    case '!=':
      return mine !== other;
    case '~':
      return String(value).toLowerCase().includes(text.toLowerCase());
  }
}

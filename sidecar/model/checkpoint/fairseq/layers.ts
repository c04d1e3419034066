/**
 * @file fairseq writes a stack of convolutions as a Python expression in a text: `[(512, 10, 5)] + [(512, 3, 2)] * 4`.
 * Read by a grammar of lists, sums and repeats; nothing is evaluated.
 */

/** [width, kernel, stride] of each convolution. */
export type ConvLayers = [number, number, number][];

const LENGTH_LIMIT = 10_000;
const LAYER_LIMIT = 32;

/**
 * sum = product {"+" product} · product = {number "*"} factor {"*" number} · factor = "[" [triple {"," triple}] [","] "]"
 * or "(" sum ")" · triple = "(" number "," number "," number [","] ")", the numbers whole.
 * @returns undefined for anything else, or more than 32 layers
 */
export function parseConvLayers(text: string): ConvLayers | undefined {
  if (text.length > LENGTH_LIMIT) return undefined;
  const tokens = text.match(/\d+|[[\](),+*]|\S/g) ?? [];
  const parser = new Parser(tokens);
  try {
    const layers = parser.sum(0);
    return parser.ended() && layers.length >= 1 ? layers : undefined;
  } catch (error) {
    if (error instanceof NotInTheGrammar) return undefined;
    throw error;
  }
}

class NotInTheGrammar extends Error {}
const DEPTH_LIMIT = 16;

class Parser {
  private at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  ended(): boolean {
    return this.at === this.tokens.length;
  }

  sum(depth: number): ConvLayers {
    if (depth > DEPTH_LIMIT) throw new NotInTheGrammar();
    let layers = this.product(depth);
    while (this.take('+')) layers = bounded([...layers, ...this.product(depth)]);
    return layers;
  }

  private product(depth: number): ConvLayers {
    let times = 1;
    while (/^\d/.test(this.tokens[this.at] ?? '')) {
      times *= this.number();
      this.expect('*');
    }
    const layers = this.factor(depth);
    while (this.take('*')) times *= this.number();
    if (times * layers.length > LAYER_LIMIT) throw new NotInTheGrammar();
    return layers.length === 0 ? [] : Array.from({ length: times }, () => layers).flat();
  }

  private factor(depth: number): ConvLayers {
    if (this.take('(')) {
      const inner = this.sum(depth + 1);
      this.expect(')');
      return inner;
    }
    this.expect('[');
    const layers: ConvLayers = [];
    while (!this.take(']')) {
      layers.push(this.triple());
      bounded(layers);
      if (!this.take(',')) {
        this.expect(']');
        break;
      }
    }
    return layers;
  }

  private triple(): [number, number, number] {
    this.expect('(');
    const width = this.number();
    this.expect(',');
    const kernel = this.number();
    this.expect(',');
    const stride = this.number();
    this.take(',');
    this.expect(')');
    return [width, kernel, stride];
  }

  private number(): number {
    const token = this.tokens[this.at++] ?? '';
    if (!/^\d{1,6}$/.test(token)) throw new NotInTheGrammar();
    return Number(token);
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw new NotInTheGrammar();
  }
}

function bounded(layers: ConvLayers): ConvLayers {
  if (layers.length > LAYER_LIMIT) throw new NotInTheGrammar();
  return layers;
}

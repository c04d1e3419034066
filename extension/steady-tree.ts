/**
 * @file One object a node for as long as the view shows it, and news of those alone that look different: a whole
 * refresh would close what a person reads and lose what is being clicked. It must not know VS Code.
 */

export interface TreeSource<Node> {
  children(node?: Node): Node[];
  /** The same as long as it is the same thing. */
  idOf(node: Node): string;
  /** Everything of it that is seen, its own children apart. */
  lookOf(node: Node): string;
}

export class SteadyTree<Node extends object> {
  readonly #source: TreeSource<Node>;
  readonly #fire: (changed: Node | undefined) => void;
  readonly #kept = new Map<string, Node>();
  #seen = new Map<string, string>();

  /** @param fire told of a node that has changed, or of undefined where nodes came, went or moved */
  constructor(source: TreeSource<Node>, fire: (changed: Node | undefined) => void) {
    this.#source = source;
    this.#fire = fire;
    this.#seen = this.#walk();
  }

  children(node?: Node): Node[] {
    return this.#source.children(node).map((fresh) => this.#keep(fresh));
  }

  /** The data may have changed. */
  update(): void {
    const before = this.#seen;
    const now = this.#walk();
    this.#seen = now;
    for (const id of this.#kept.keys()) if (!now.has(id)) this.#kept.delete(id);
    const [was, is] = [[...before.keys()], [...now.keys()]];
    if (was.length !== is.length || is.some((id, index) => id !== was[index])) {
      this.#fire(undefined);
      return;
    }
    for (const id of is) if (before.get(id) !== now.get(id)) this.#fire(this.#kept.get(id));
  }

  #keep(fresh: Node): Node {
    const id = this.#source.idOf(fresh);
    const kept = this.#kept.get(id);
    if (kept) return Object.assign(kept, fresh);
    this.#kept.set(id, fresh);
    return fresh;
  }

  #walk(node?: Node, seen = new Map<string, string>()): Map<string, string> {
    for (const child of this.children(node)) {
      seen.set(this.#source.idOf(child), this.#source.lookOf(child));
      this.#walk(child, seen);
    }
    return seen;
  }
}

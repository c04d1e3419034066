/** @file Where a heat map's columns begin and how wide they are, on the screen and on paper. Pure. */

export interface Columns {
  /** Of the columns that do not stand apart. */
  width: number;
  edge(column: number): number;
  widthOf(column: number): number;
  /** Behind the last. */
  end: number;
}

const gap = 10;
/** The few that stand apart keep room for their numbers, however many the others are. */
const leastApart = 50;

/** @param apart The first of those that stand apart, or how many there are. */
export function layColumns(count: number, apart: number, left: number, room: number, most: number): Columns {
  const few = count - apart;
  const space = few > 0 ? room - gap : room;
  const even = Math.min(most, space / Math.max(1, count));
  const aside = few > 0 ? Math.max(even, Math.min(leastApart, space / (2 * few))) : even;
  const width = aside > even ? Math.min(most, (space - few * aside) / Math.max(1, apart)) : even;
  const edge = (column: number) =>
    column < apart ? left + column * width : left + apart * width + gap + (column - apart) * aside;
  return {
    width,
    edge,
    widthOf: (column) => (column < apart ? width : aside),
    end: few > 0 ? edge(count) : left + count * width,
  };
}

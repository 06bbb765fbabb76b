/** A member of a {@link List}, which has it by its own fields. */
export interface Linked<E> {
  before: E | undefined;
  after: E | undefined;
}

/** A list that anything can be taken out of at once. */
export class List<E extends Linked<E>> {
  first: E | undefined = undefined;
  protected last: E | undefined = undefined;

  push(member: E): void {
    const last = (member.before = this.last);
    if (last) last.after = member;
    else this.first = member;
    this.last = member;
  }

  remove(member: E): void {
    const { before, after } = member;
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.last = before;
    member.before = member.after = undefined;
  }
}

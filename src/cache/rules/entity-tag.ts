/** RFC 9110 section 8.8.3: with its quotes, and `W/` where it is weak. */
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** Whether a value is an entity tag at all. */
export function isEntityTag(value: string): boolean {
  return ENTITY_TAG.test(value)
}

/** RFC 9110 section 8.8.3.2: equal, and neither is weak. */
export function matchStrongly(one: string, other: string): boolean {
  return one === other && isEntityTag(one) && !one.startsWith('W/')
}

/** RFC 9110 section 8.8.3.2: equal but for their weakness. */
export function matchWeakly(one: string, other: string): boolean {
  return isEntityTag(one) && isEntityTag(other) && opaque(one) === opaque(other)
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

const LISTED = /(?:^|,)[ \t]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/g

/** The tags of If-Match or If-None-Match; commas may stand in them. What is no entity tag matches nothing. */
export function listedTags(value: string): string[] {
  return [...value.matchAll(LISTED)].map((match) => match[1]!)
}

/** Where a registration number can be looked up; null for one of a kind that we do not know. */
export function registerOf(number: string): string | null {
  // Province, kind, number, and of several sites which: 京ICP备12345678号-1.
  return /^\p{Script=Han}\s?ICP[备证]\s?\d{6,10}号(-\d{1,4})?$/u.test(number) ? 'https://beian.miit.gov.cn/' : null
}

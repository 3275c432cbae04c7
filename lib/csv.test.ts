import { expect, test } from 'vitest'
import { csvLine } from '#lib/csv.ts'

test('a line has its cells in quotes where they need them, and ends as the format asks', () => {
  expect(csvLine(['1', null, 'a "b", c', 'two\nlines', '中文'])).toBe('1,,"a ""b"", c","two\nlines",中文\r\n')
})

test.each([
  ['=1+1', "'=1+1"],
  ['+49 30', "'+49 30"],
  ['-cmd', "'-cmd"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['-0.5', '-0.5'],
  ['a=1', 'a=1'],
])('%s is no formula', (cell, written) => expect(csvLine([cell])).toBe(`${written}\r\n`))

import { expect, test } from 'vitest'
import { describeStartOptions, parseStartOptions } from '#scripts/start-options.ts'

test('a start without options is no demonstration', () => {
  expect(parseStartOptions([], 'npm start')).toEqual({ demoPay: false, help: false })
  expect(parseStartOptions(['--demo-pay'], 'npm start')).toEqual({ demoPay: true, help: false })
  expect(parseStartOptions(['-h', '--demo-pay'], 'npm start')).toEqual({ demoPay: true, help: true })
})

test.each(['--demo', '--demo-pay=yes', '--no-demo-pay', '-x', 'demo-pay'])('%s is refused in one line', (word) => {
  expect(() => parseStartOptions([word], 'npm start')).toThrow(
    /^npm start: [^\n]*(demo|-x)[^\n]*; npm start -- --help lists the options$/,
  )
})

test('the help names every option', () => {
  expect(describeStartOptions('npm run dev')).toMatch(
    /^usage: npm run dev \[-- --demo-pay\]\n.* --demo-pay .* --help /s,
  )
})

test('an option that npm kept for itself', () => {
  expect(() => parseStartOptions([], 'npm start', { npm_config_demo_pay: 'true' })).toThrow('npm start -- --demo-pay')
})

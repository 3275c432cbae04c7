import { expect, it } from 'vitest'
import { registerOf } from './registration.ts'

it.each(['京ICP备12345678号', '沪ICP备2024012345号-12', '粤 ICP备 12345678号-1', '京ICP证030173号'])(
  '%s is an ICP number',
  (number) => {
    expect(registerOf(number)).toBe('https://beian.miit.gov.cn/')
  },
)

it.each(['', 'ICP', '京ICP备号', 'HRB 12345', '京ICP备12345678号-1 javascript:', 'x京ICP备12345678号'])(
  '“%s” is none',
  (number) => {
    expect(registerOf(number)).toBeNull()
  },
)

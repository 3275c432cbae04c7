import { expect, it } from 'vitest'
import { describeDevice } from '#app/_ui/device.ts'

it.each([
  {
    agent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36 Edg/144.0.0.0',
    device: { browser: 'Edge', system: 'Windows' },
  },
  {
    agent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    device: { browser: 'Safari', system: 'Mac' },
  },
  {
    agent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50',
    device: { browser: 'WeChat', system: 'iPhone' },
  },
  {
    agent:
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36',
    device: { browser: 'Chrome', system: 'Android' },
  },
  {
    agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    device: { browser: 'Firefox', system: 'Linux' },
  },
  { agent: 'curl/8.5.0', device: null },
  { agent: '', device: null },
])('$device.browser on $device.system', ({ agent, device }) => {
  expect(describeDevice(agent)).toEqual(device)
})

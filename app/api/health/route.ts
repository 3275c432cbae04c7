import { jsonResponse } from '#app/_server/route.ts'
import { checkHealth } from '#lib/health.ts'

/** For whoever watches the service: 200 when it can work, 503 and the part at fault when it cannot. */
export async function GET(): Promise<Response> {
  const health = await checkHealth()
  return jsonResponse(health, health.ok ? 200 : 503)
}

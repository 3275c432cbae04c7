/** An answer in the shape of Stripe's errors. */
export class StripeRefusal extends Error {
  readonly status: number
  readonly type: string
  readonly code: string | undefined
  readonly param: string | undefined

  constructor(message: string, details: { status?: number; type?: string; code?: string; param?: string } = {}) {
    super(message)
    this.status = details.status ?? 400
    this.type = details.type ?? 'invalid_request_error'
    this.code = details.code
    this.param = details.param
  }

  body(requestId: string, livemode: boolean): string {
    return JSON.stringify({
      error: {
        ...(this.code && {
          code: this.code,
          doc_url: `https://stripe.com/docs/error-codes/${this.code.replaceAll('_', '-')}`,
        }),
        message: this.message,
        ...(this.param && { param: this.param }),
        request_log_url: `https://dashboard.stripe.com/${livemode ? '' : 'test/'}logs/${requestId}`,
        type: this.type,
      },
    })
  }
}

export function resourceMissing(resource: string, id: string, param = 'id'): StripeRefusal {
  return new StripeRefusal(`No such ${resource}: '${id}'`, { status: 404, code: 'resource_missing', param })
}

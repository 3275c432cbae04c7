/** A shell may carry the settings of an installation; tests bring their own. */
export function forgetInstallation(): void {
  const own = /^(DATABASE_|OPENAI_|ADMIN_|SMTP_|STRIPE_|UB_|DATA_DIR$|PORT$|APP_URL$|AUTH_SECRET$|ENCRYPTION_KEY$)/
  const more = /^(SITE_CURRENCY|SERVER_WORKERS|TRUSTED_PROXIES|LOG_LEVEL|NODE_ENV|MAIL_FROM|(HTTPS?|NO)_PROXY)$/i
  for (const name of Object.keys(process.env)) if (own.test(name) || more.test(name)) delete process.env[name]
}

/** The cookie in which a browser says where it is, so that the server reckons days as the person does. */
export const TIME_ZONE_COOKIE = 'time-zone'

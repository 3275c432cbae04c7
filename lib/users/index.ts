export { emailField, nameField } from './shared.ts'
export {
  createUser,
  disableUser,
  enableUser,
  findUserByEmail,
  getUser,
  listUsers,
  revokeSessionsOf,
  setRole,
  type User,
  updateProfile,
  updateProfileInput,
} from './users.ts'

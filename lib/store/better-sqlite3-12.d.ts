/** The same package, an older release: the alias in package.json. */
declare module 'better-sqlite3-12' {
  import Sqlite from 'better-sqlite3';
  export default Sqlite;
}

package ccproxy.claude;

import java.nio.file.Path;
import java.time.Clock;

/// What the server remembers of its clients, for as long as it runs, whatever becomes of its
/// configuration meanwhile. Safe for any number of threads.
///
/// @param sessions of all backends
/// @param store where those of the CLI are kept over a restart
/// @param conversations of the CLI's own, by session
/// @param thinking of answers whose clients drop it
record Memory(
        SessionTable sessions,
        SessionStore store,
        AgentConversations conversations,
        ThinkingStore thinking) {
    /// {@return a memory that begins with what `folder` holds}
    static Memory of(Path folder) {
        Clock clock = Clock.systemUTC();
        return new Memory(
                new SessionTable(clock),
                new SessionStore(folder.resolve("sessions"), clock),
                new AgentConversations(folder.resolve("cli-sessions.json")),
                new ThinkingStore());
    }
}

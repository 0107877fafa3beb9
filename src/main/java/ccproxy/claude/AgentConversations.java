package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// Which conversation of the CLI's own belongs to a session of ours, and what it holds: a small
/// file written beside and moved into its place, so that it survives any end of the server. Without
/// it, or when it is behind, a session begins anew from its history. Safe for any number of
/// threads.
final class AgentConversations {
    /// A line each; the CLI keeps its own for 30 days.
    static final int CONVERSATIONS_MAX = 2_000;

    private final Path file;
    private final Map<String, Held> held = new LinkedHashMap<>(16, 0.75f, true);
    private final Set<String> busy = new HashSet<>();
    private boolean isRead;

    /// What the CLI holds under an id of its own.
    ///
    /// @param id the CLI's, a UUID
    /// @param count messages of the session that it knows
    /// @param digest of those messages and the system text ([AgentHistory#digest])
    /// @param isFed whether its first messages were told to it, not lived through
    record Held(String id, int count, String digest, boolean isFed) {}

    /// @param file read when it is first needed
    AgentConversations(Path file) {
        this.file = file;
    }

    /// Takes a session for a turn. A client may leave while its question is on its way to a
    /// process, and come back before that one has stopped: then this waits for it.
    synchronized void begin(String session) throws InterruptedException {
        while (!busy.add(session)) wait();
    }

    /// Ends a turn that was begun, when what is held is noted.
    synchronized void end(String session) {
        busy.remove(session);
        notifyAll();
    }

    /// {@return what is held for a session, or null}
    synchronized Held of(String session) {
        read();
        return held.get(session);
    }

    /// Notes what a session's conversation holds now.
    synchronized void put(String session, Held conversation) {
        read();
        held.put(session, conversation);
        if (held.size() > CONVERSATIONS_MAX) held.remove(held.keySet().iterator().next());
        write();
    }

    /// Forgets a conversation that is not to be continued.
    ///
    /// @return it, or null
    synchronized Held remove(String session) {
        read();
        Held removed = held.remove(session);
        if (removed != null) write();
        return removed;
    }

    private void read() {
        if (isRead) return;
        isRead = true;
        if (!Files.isRegularFile(file)) return;
        try {
            ObjectNode root = Json.object("conversations", Files.readAllBytes(file));
            for (var entry : root.properties()) {
                var one = entry.getValue();
                held.put(
                        entry.getKey(),
                        new Held(
                                one.path("id").asString(""),
                                one.path("count").asInt(0),
                                one.path("digest").asString(""),
                                one.path("fed").asBoolean(true)));
            }
        } catch (IOException | ApiException e) {
            Log.warn(
                            "the CLI's conversations cannot be read: sessions begin anew from their history")
                    .with("error", e.getMessage())
                    .write();
        }
    }

    private void write() {
        ObjectNode root = Json.object();
        held.forEach((session, one) ->
                root.putObject(session)
                        .put("id", one.id)
                        .put("count", one.count)
                        .put("digest", one.digest)
                        .put("fed", one.isFed));
        try {
            PrivateFiles.write(file, Json.bytes(root));
        } catch (IOException e) {
            Log.warn("the CLI's conversations cannot be kept").with("error", e.toString()).write();
        }
    }
}

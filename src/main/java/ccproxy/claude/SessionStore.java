package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.Digests;
import ccproxy.wire.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// Conversations on disk, so that they outlive the server, however it ends: a file each, for this
/// user only, written beside and then moved into its place. What cannot be written costs a warning
/// and never a request. Safe for any number of threads, one at a time for each session.
final class SessionStore {
    /// As long as the Claude Code CLI keeps its own.
    static final Duration KEPT = Duration.ofDays(30);

    /// Beyond it the oldest are forgotten: a leak of ids must not fill a disk.
    static final int FILES_MAX = 10_000;

    private static final int SWEEP_EVERY = 256;
    private static final String SUFFIX = ".json";

    private final Path folder;
    private final Clock clock;
    private final AtomicInteger saved = new AtomicInteger();

    /// What is kept of a session.
    ///
    /// @param held `{"system","tools","messages"}` as JSON
    record Kept(String model, int messages, Instant createdAt, Instant usedAt, byte[] held) {}

    /// @param folder made when it is first needed
    SessionStore(Path folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
        sweep();
    }

    /// Keeps a session as it is now.
    void save(Session.Key key, Kept kept) {
        ObjectNode head =
                Json.object()
                        .put("id", key.id())
                        .put("model", kept.model())
                        .put("messages", kept.messages())
                        .put("created_at", kept.createdAt().toString())
                        .put("used_at", kept.usedAt().toString());
        byte[] start = Json.bytes(head);
        byte[] middle = ",\"held\":".getBytes(StandardCharsets.US_ASCII);
        try {
            PrivateFiles.write(
                    file(key),
                    Arrays.copyOf(start, start.length - 1),
                    middle,
                    kept.held(),
                    new byte[] {'}'});
            if (saved.incrementAndGet() % SWEEP_EVERY == 0) sweep();
        } catch (IOException e) {
            Log.warn("session not kept on disk: it ends with the server")
                    .with("session_id", key.id())
                    .with("error", e.toString())
                    .write();
        }
    }

    /// {@return the session, or an empty list; a file that cannot be read is none}
    List<Kept> load(Session.Key key) {
        Path file = file(key);
        if (!Files.isRegularFile(file)) return List.of();
        try {
            ObjectNode root = Json.object("session", Files.readAllBytes(file));
            Instant usedAt = Instant.parse(root.path("used_at").asString(""));
            if (usedAt.plus(KEPT).isBefore(clock.instant())) return List.of();
            return List.of(
                    new Kept(
                            root.path("model").asString(""),
                            root.path("messages").asInt(0),
                            Instant.parse(root.path("created_at").asString("")),
                            usedAt,
                            Json.bytes(root.path("held"))));
        } catch (IOException | ApiException | DateTimeException e) {
            Log.warn("kept session cannot be read: it begins anew")
                    .with("session_id", key.id())
                    .with("error", e.getMessage())
                    .write();
            return List.of();
        }
    }

    /// Forgets a session.
    ///
    /// @return whether there was one
    boolean delete(Session.Key key) {
        try {
            return Files.deleteIfExists(file(key));
        } catch (IOException _) {
            return false;
        }
    }

    /// The id for people, and a digest: ids differ by case alone, file names need not.
    private Path file(Session.Key key) {
        String digest = Digests.sha256(key.owner() + "\n" + key.id()).substring(0, 16);
        String shown = key.id().toLowerCase(Locale.ROOT);
        return folder.resolve(
                "session-"
                        + shown.substring(0, Math.min(64, shown.length()))
                        + "-"
                        + digest
                        + SUFFIX);
    }

    private synchronized void sweep() {
        if (!Files.isDirectory(folder)) return;
        Instant limit = clock.instant().minus(KEPT);
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> newestFirst =
                    files.filter(Files::isRegularFile)
                            .sorted(Comparator.comparing(SessionStore::changed).reversed())
                            .toList();
            for (int i = 0; i < newestFirst.size(); i++) {
                Path file = newestFirst.get(i);
                if (i >= FILES_MAX || changed(file).isBefore(limit)) Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            Log.debug("kept sessions not swept").with("error", e.getMessage()).write();
        }
    }

    private static Instant changed(Path file) {
        try {
            return Files.getLastModifiedTime(file).toInstant();
        } catch (IOException _) {
            return Instant.EPOCH;
        }
    }
}

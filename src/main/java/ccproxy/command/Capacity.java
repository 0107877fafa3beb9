package ccproxy.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much this process can take on at once: what is configured, or what the system's limit of
/// open files (`ulimit -n`) leaves, which it must never come to: the JDK's server accepts nothing
/// then, and turns round and round.
///
/// @param streams answers at once; with the API each has a connection to it
/// @param connections of clients, idle ones too
record Capacity(int streams, int connections) {
    /// Beyond [#connections]: for whoever asks how the server is.
    static final int RESERVE = 16;

    /// The JVM's own, jars, the log, files that are open for a moment.
    private static final int OWN_FILES = 96;

    /// Three pipes, and as many again while it starts.
    private static final int FILES_PER_PROCESS = 6;

    /// What a server that is hardly allowed anything still tries.
    private static final int FILES_MIN = 24;

    private static final Path LIMITS = Path.of("/proc/self/limits");

    /// {@return the capacity of a configuration in this process}
    static Capacity of(Config config) {
        return of(config, openFilesMax());
    }

    /// {@return the capacity of a configuration}
    ///
    /// @param openFilesMax files and sockets that the process may have open
    static Capacity of(Config config, long openFilesMax) {
        long others =
                OWN_FILES + RESERVE + FILES_PER_PROCESS * config.get(BackendKeys.SDK_MAX_PROCESSES);
        long files = Math.max(FILES_MIN, openFilesMax - others);
        int streams = (int) Math.min(config.get(Keys.MAX_STREAMS), files / 3);
        int connections = (int) Math.min(config.get(Keys.MAX_CONNECTIONS), files - streams);
        return new Capacity(streams, connections);
    }

    /// {@return unused connections that are kept: so many that with every stream running there is
    /// still room for who comes}
    int idle() {
        return Math.max(connections / 4, connections - streams);
    }

    /// {@return `ulimit -n`, which the JVM raises to the hard limit when it starts; very many where
    /// that is not known}
    static long openFilesMax() {
        if (!Files.isReadable(LIMITS)) return Integer.MAX_VALUE;
        try {
            // Max open files            1024                 4096                 files
            return Files.readAllLines(LIMITS).stream()
                    .filter(line -> line.startsWith("Max open files"))
                    .map(line -> line.strip().split(" +")[3])
                    .filter(limit -> limit.matches("[0-9]{1,9}"))
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(Integer.MAX_VALUE);
        } catch (IOException _) {
            return Integer.MAX_VALUE;
        }
    }
}

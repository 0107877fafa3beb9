package ccproxy.observe;

import java.util.List;
import java.util.Map;

/// What is written of one request, for who wants to see it again: see [TraceFolder] for where and
/// [FolderTrace] for how. Nothing it does fails a request. Bound like [RequestContext] for the
/// length of an exchange, but only while requests are traced. For any number of threads.
public interface Trace {
    /// No trace: costs nothing and writes nothing.
    Trace OFF = new Trace() {};

    /// {@return the trace of the request that the code that runs now works for, else [#OFF]}
    static Trace current() {
        return FolderTrace.CURRENT.orElse(OFF);
    }

    /// Runs `task` with this trace as the current one.
    default void run(Runnable task) {
        task.run();
    }

    /// {@return whether anything is written}
    default boolean isOn() {
        return false;
    }

    /// Begins: this is a request that may be asked here, and that is worth a folder.
    default void begin(Request request) {}

    /// Writes the body that the client sent.
    default void requestBody(byte[] body) {}

    /// Notes how many messages of a session the server adds in front of the client's own.
    default void remembered(int messages) {}

    /// {@return what [#remembered] noted}
    default int remembered() {
        return 0;
    }

    /// {@return a raw query without its secrets}
    default String masked(String query) {
        return query;
    }

    /// Writes what Claude is asked.
    ///
    /// @param json the request, and what goes with it
    default void asked(byte[] json) {}

    /// Adds a line on what came from upstream.
    ///
    /// @param members of a JSON object, without its braces
    default void upstream(String members) {}

    /// Adds a line on what the client got.
    ///
    /// @param members as with [#upstream]
    default void response(String members) {}

    /// Adds the line on the head of what the client got.
    default void response(int status, Map<String, List<String>> headers) {}

    /// Ends.
    ///
    /// @param status as in the log
    /// @param how `whole`, `failed`, `stopped` by the server, or `client left`
    /// @param error what went wrong, `""` for nothing
    default void end(int status, String how, String error) {}

    /// The head of a client's request.
    ///
    /// @param path raw
    /// @param query raw, `""` for none
    /// @param headers by lower-case name
    record Request(String method, String path, String query, Map<String, List<String>> headers) {}
}

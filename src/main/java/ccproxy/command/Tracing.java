package ccproxy.command;

import ccproxy.http.ClientKeyReader;
import ccproxy.http.Server;
import ccproxy.observe.TraceFolder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The traces that the configuration asks for, or none.
///
/// @param folders one or none
record Tracing(List<TraceFolder> folders) {
    /// {@return whether requests are traced}
    static boolean isOn(Config config) {
        return !config.get(ObserveKeys.TRACE_DIR).isEmpty();
    }

    /// {@return what the configuration asks for}
    ///
    /// @param backend that answers on bare routes
    static Tracing open(Config config, String backend, Surroundings surroundings) {
        if (!isOn(config)) return new Tracing(List.of());
        var limits =
                new TraceFolder.Limits(
                        config.get(ObserveKeys.TRACE_MAX_REQUESTS),
                        config.get(ObserveKeys.TRACE_MAX_BYTES),
                        config.get(ObserveKeys.TRACE_MAX_REQUEST_BYTES));
        try {
            String folder = config.get(ObserveKeys.TRACE_DIR);
            Path path = surroundings.folder().resolve(folder).toAbsolutePath();
            var about = about(config, backend);
            return new Tracing(List.of(TraceFolder.open(path, limits, about, secrets(config))));
        } catch (InvalidPathException _) {
            String message = "trace.dir: expected the path of a folder, ";
            Setting setting = config.setting(ObserveKeys.TRACE_DIR);
            throw new CommandException(ExitCode.USAGE, message + setting.found(false));
        }
    }

    private static Map<String, Object> about(Config config, String backend) {
        return Map.of("version", Version.text(), "settings", config.shaping(backend));
    }

    private static List<String> secrets(Config config) {
        var secrets =
                new ArrayList<>(
                        List.of(
                                config.get(AccessKeys.AUTH_TOKEN),
                                config.get(BackendKeys.API_KEY),
                                config.get(BackendKeys.API_AUTH_TOKEN),
                                config.get(AccessKeys.TLS_KEYSTORE_PASSWORD)));
        // A key may stand in the request of another client than its own.
        secrets.addAll(ClientKeyReader.tokens(config.setting(AccessKeys.AUTH_TOKENS).written()));
        return secrets;
    }

    /// Has the server trace each request.
    void begin(Server server) {
        folders.forEach(server::traced);
    }

    /// Traces as another configuration has it: with its settings, and without its secrets.
    void follow(Config config, String backend) {
        folders.forEach(folder -> folder.follow(about(config, backend), secrets(config)));
    }
}

package ccproxy.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The program, run within the test: arguments, variables and files in, exit code and text out.
final class Run {
    final Path folder;
    private final Map<String, String> environment = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    Run(Path folder) {
        this.folder = folder;
    }

    Run with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /// Writes a file below the folder: `ccproxy.json`, or one in `home/`.
    Run file(String name, String text) {
        try {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ExitCode main(String... arguments) {
        out.reset();
        err.reset();
        return Main.run(List.of(arguments), surroundings());
    }

    Config config(String... flags) {
        return ConfigLoader.load(Args.parse(List.of(flags)), surroundings());
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    Surroundings surroundings() {
        return new Surroundings(
                environment,
                folder,
                folder.resolve("home"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}

package ccproxy.command;

import ccproxy.observe.FileProblem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// The secrets that systemd hands to a service as files, in the folder `$CREDENTIALS_DIRECTORY`
/// (systemd.exec(5), `LoadCredential=`): the value of the secret key `api.key` is what the file
/// `api.key` holds, without the line end after it. Only secrets are looked for there, and what else
/// is in the folder is not ours.
record CredentialFiles(Optional<Path> folder) {
    /// The longest token, and a line end.
    private static final int FILE_BYTES_MAX = 4096 + 2;

    /// {@return those of this service; none if it is no service}
    ///
    /// @throws CommandException for a file whose name is a secret key's but for its spelling
    static CredentialFiles of(Surroundings surroundings) {
        String name = surroundings.environment().getOrDefault("CREDENTIALS_DIRECTORY", "");
        if (name.isEmpty()) return new CredentialFiles(Optional.empty());
        Path folder = surroundings.folder().resolve(name);
        checkNames(folder);
        return new CredentialFiles(Optional.of(folder));
    }

    /// {@return what a secret key is set to, if there is a file for it}
    ///
    /// @throws CommandException if it cannot be read, is empty or too large
    Optional<Setting> setting(Key<?> key) {
        if (folder.isEmpty() || !key.isSecret()) return Optional.empty();
        Path file = folder.get().resolve(key.name());
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(FILE_BYTES_MAX + 1);
            if (bytes.length > FILE_BYTES_MAX) {
                throw wrong(key, key.type().expected(), file, "a longer file");
            }
            // A byte that is no ASCII stays one: the key's own check names what is wrong.
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            String value = text.replaceFirst("\\r?\\n\\z", "");
            // A secret that could not be had often leaves an empty file; the door stays shut then.
            if (value.isEmpty()) throw wrong(key, "a secret", file, "an empty file");
            return Optional.of(new Setting(value, "credential " + key.name()));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            throw wrong(key, "a readable file", file, "none: " + FileProblem.of(e));
        }
    }

    /// A secret in a file with the wrong name would be left out, and the server be open.
    private static void checkNames(Path folder) {
        List<String> secrets = Keys.ALL.stream().filter(Key::isSecret).map(Key::name).toList();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                for (String secret : secrets) {
                    if (name.equals(secret) || !letters(name).equals(letters(secret))) continue;
                    String message = "credential %s: expected the name %s";
                    throw new CommandException(ExitCode.USAGE, message.formatted(file, secret));
                }
            }
        } catch (IOException e) {
            String message = "CREDENTIALS_DIRECTORY: expected a readable folder, found '%s' (%s)";
            String why = FileProblem.of(e);
            throw new CommandException(ExitCode.USAGE, message.formatted(folder, why));
        }
    }

    /// {@return what is left of `CCPROXY_API_KEY`, `anthropic-api-key` and `api.key` alike}
    private static String letters(String name) {
        String letters = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return letters.replaceFirst("^(ccproxy|anthropic)", "");
    }

    private static CommandException wrong(Key<?> key, String expected, Path file, String found) {
        String message = "%s: expected %s, found %s (credential %s)";
        return new CommandException(
                ExitCode.USAGE, message.formatted(key.name(), expected, found, file));
    }
}

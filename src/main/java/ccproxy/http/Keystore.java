package ccproxy.http;

import ccproxy.observe.FileProblem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Objects;

/// A PKCS #12 file with the certificate that this server shows, and its private key.
///
/// @param file where it is
/// @param password of the file and of the key in it; may be empty
public record Keystore(Path file, String password) {
    /// No certificate: plain HTTP.
    public static final Keystore NONE = new Keystore(Path.of(""), "");

    /// Checks that every part is there.
    public Keystore {
        Objects.requireNonNull(file);
        Objects.requireNonNull(password);
    }

    /// Why a keystore cannot be used, in one line for the person who named it.
    public static final class UnusableException extends IOException {
        private static final long serialVersionUID = 1;

        UnusableException(Path file, String why) {
            super("tls.keystore: " + file + ": " + why);
        }
    }

    /// What a file held when it was read.
    ///
    /// @param keys the whole of it
    /// @param certificate the first that has a private key
    /// @param changedAt the file's own time, by which a new one is known
    record Content(KeyStore keys, X509Certificate certificate, FileTime changedAt) {}

    /// {@return whether there is one}
    public boolean isThere() {
        return !file.toString().isEmpty();
    }

    /// {@return the certificate that the server shows}
    ///
    /// @throws UnusableException when there is none
    public X509Certificate certificate() throws UnusableException {
        return read().certificate();
    }

    Content read() throws UnusableException {
        try {
            // Before it is read: a file that changes meanwhile is read once more.
            FileTime changedAt = Files.getLastModifiedTime(file);
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                keys.load(in, password.toCharArray());
            }
            return new Content(keys, certificate(keys), changedAt);
        } catch (UnusableException e) {
            throw e;
        } catch (NoSuchFileException _) {
            throw new UnusableException(file, "there is no such file");
        } catch (IOException e) {
            throw new UnusableException(file, why(e));
        } catch (GeneralSecurityException e) {
            throw new UnusableException(file, "expected a PKCS #12 file (" + said(e) + ")");
        }
    }

    /// A wrong password is an I/O error to the JDK, with this cause.
    private static String why(IOException e) {
        if (e.getCause() instanceof UnrecoverableKeyException)
            return "tls.keystore_password is not the one of this file";
        boolean isFileError = e instanceof java.nio.file.FileSystemException;
        return isFileError
                ? "cannot be read (" + FileProblem.of(e) + ")"
                : "expected a PKCS #12 file (" + said(e) + ")";
    }

    private static String said(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private X509Certificate certificate(KeyStore keys)
            throws GeneralSecurityException, UnusableException {
        for (String alias : Collections.list(keys.aliases())) {
            if (!keys.isKeyEntry(alias)) continue;
            keys.getKey(alias, password.toCharArray());
            if (keys.getCertificate(alias) instanceof X509Certificate found) return found;
        }
        throw new UnusableException(file, "expected a private key with its certificate in it");
    }
}

//! A key pair for tests, which signs nothing else.

use jwt_simple::algorithms::{RS256KeyPair, RSAKeyPairLike as _};

/// 2048 bits, 65537, PKCS #8.
pub const RSA_PEM: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC8uGpSK3K4XSRt\n\
lHz0o8QB6xaDd7hmdaUwD14R+7tjpNtCGsLqg0YZYmCRuomtfuOMsGiqkB2pqhrV\n\
gfGQ3PLJxVuSeW/VtRLcAP056obmJaloi+xmNFnFPdy8yCNSvyoW3sLlhtVYGzU2\n\
1PWWfidrXZpnezC8aELR/rFeInst+JvaNOLD4e3oX6qDERS5P91pQ2FwgjxEusTm\n\
x00iYwjj0m3o/BGGbkvcqUqBV4hybPIjYNqG35gfA1LoGokVZQPRXkq+UKV0fkIW\n\
FfhSl357r+oUJmF7STuge0VlszBgiOqacfvejiyBbAqj96hW3+9GtecM6CawoaV8\n\
MzqcwagPAgMBAAECggEARs52bcAJeezQdyDIRU2QhBu9RbRMhnzLbp3FcL/fTgKT\n\
lVjPGwgH7AxCKUswztyV6bpieuQ5jOfay5LGnNCZc2TN98YCVM9sdQkV+X3qAT3O\n\
MwCUwMARknSkdlwtDKXW19/ahh2xvC3xKFJ8lmtcxObIwNyyq23+7CVATQ5o4xUH\n\
xxdBrwbu9m6guZDrbKArq6ZbGxjwLJ8uxalcW9l0GfR5cfRYIg5xKAErefz/uIpy\n\
+xJfjMjj1JZ9+xEBnw/XseGaVtPtLawt2AK5k+tSGEfatoj3vHygS0hFhALc/T14\n\
Qm8Utpl+0nli/MzF15PUl7HoLMhNIlguiWx5sXDoYQKBgQDoyD+3Mr9z/XoTDlVn\n\
gI8u9L+eTxLw+nsUB9BrQ0mmyDVEeTdoDkD5j+ohH2x2Hj6JuFz6+whE8aKEuqqk\n\
9Z8sJ85CJTVywuKzyTmylcl/2TOvFsbYsLk2i9bLQW4xKIUwo83TC9+CO3BIK8K0\n\
HjiYSKOhOjLUHqFA+7Zhua9oEQKBgQDPixysJvc1IzxjSJ1ECCWrKBtfQGr7JkZG\n\
7bncvzuISAWc5FLF/emtjzKgdrRShLdhz9qbefiSXjaqXiFU7aYPSBnFW7rNEHBt\n\
biOVLammL4aZmjB7xcezdUXiKBjNM9hmf4i20E5uLjPBp9HP70zQIZl2h5uOSDGL\n\
fu0Gt8EuHwKBgGh4/weUchJ3j6MfyrqyGxDi7WD6cjDO6hAaVbLeNx7wOd/qWzCL\n\
PSQEL/r/pGj6t+yNXsWRhquSmvLg6Bcy2WYy00IievNvfdlclVWOHioP7D9HhKTZ\n\
47YUWqlMS00qt2QWEBkI+h3z2Te61B6Mda/64d1JRmim+o40qiz/7jZRAoGBAJP4\n\
9TpwlbSXKMkIzsfgnyrG760b+qqSAW00tV2EIufpocbYq4Nqo58RB+GMgMiMw0rD\n\
rXNIpUeGUKdrcYxh3BHtMCKcYjUu0VnUOx5zbg+Etwzw+DxnKRj0Nh0mxXgYzONX\n\
bpwZLLI10sTx6A++6B9EtWvjB6+MHXb9yfUOMne1AoGANtrudKTaZhG81Q7eWexg\n\
15SayQ6VuNQyYp122I6CvHL2XQcxPwjgfyD47kbOu+XMokvtkdbus8475ITllVYd\n\
UG5TbPvN9PYZTs8TfuX1BEUA51HjrfhT8sWes4uyS/eVOm3zaFjHtVF5FgspcKJl\n\
00aWL9EmmAfXhli0L+nhSBY=\n\
-----END PRIVATE KEY-----\n\
";

/// Its modulus.
pub fn rsa_modulus() -> Vec<u8> {
    RS256KeyPair::from_pem(RSA_PEM).unwrap().key_pair().public_key().to_components().n
}

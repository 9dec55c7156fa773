// CLShim
